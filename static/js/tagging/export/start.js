import { ExportPage } from "./export_page.js";

const root = document.querySelector("[data-export]");
if (root) new ExportPage(root).start();
