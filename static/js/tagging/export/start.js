import { ExportPage } from "./export_page.js";

const root = document.querySelector("[data-export-page]");
if (root) new ExportPage(root).start();
