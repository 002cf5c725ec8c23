// A shop that does not exist, with the widget as any other site would have it.
import "./style/demo.css";
import { choose } from "./i18n/i18n";

const lang = choose(navigator.languages);
document.documentElement.lang = lang;
for (const e of document.querySelectorAll<HTMLElement>("[data-lang]")) e.hidden = e.dataset["lang"] !== lang;

const code = document.querySelector("#snippet");
if (code) code.textContent = `<script src="${location.origin}/widget.js" async\n  data-title="Tide & Timber" data-color="#0f766e"></script>`;
