// What the page of a dataset has beside its grid, made with the page; each may give actions.

import { Bulk } from "../tagging/bulk/bulk.js";

export const GRID_FEATURES = [Bulk];
