// What the page of a dataset has beside its grid, made with the page; each may give actions.

import { Bulk } from "../tagging/bulk/bulk.js";
import { ExamplesOfSelection } from "./examples_of_selection.js";
import { ExportOfSelection } from "./export_of_selection.js";

export const GRID_FEATURES = [Bulk];
// What a tag means is everybody's: for who may change the vocabulary.
export const TEACHING_FEATURES = [ExamplesOfSelection];
// These change nothing: they are there for whoever may only look.
export const READING_FEATURES = [ExportOfSelection];
