import { mountImportPage } from "./import_page.js";

mountImportPage(document.querySelector("[data-import]"));
