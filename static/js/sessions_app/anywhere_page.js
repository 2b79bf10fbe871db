import { startPalette } from "./anywhere.js";

startPalette();
