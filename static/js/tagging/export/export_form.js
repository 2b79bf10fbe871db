// What can be chosen for an export: the fields of the page on one side, options of the API on the other.

import { $, $$, el, fill } from "../../lib/dom.js";

/** What a trainer's export is made by, unless a person asks for something else. */
export function usualOptions(rules, variant = rules.variants[0].slug) {
  return {
    profile: rules.slug,
    variant,
    template: rules.variants.find(({ slug }) => slug === variant)?.template ?? rules.default_template,
    style: { ...rules.default_style },
    filter: "",
    repeats: 1,
    resolution: rules.default_resolution,
    pixels: { mode: "original", longest_side: null, background: "#ffffff", format: "keep", quality: 95 },
    untagged: "include",
    folder: "",
  };
}

const NUMBERS = ["repeats", "resolution"];

/** Tells `change` with the field that changed, and `profile` when another trainer was chosen. */
export class ExportForm extends EventTarget {
  /** `rules` are the profiles as the page has them. */
  constructor(root, rules) {
    super();
    this.root = root;
    this.rules = new Map(rules.map((each) => [each.slug, each]));
    this.fields = root.elements;
    root.addEventListener("submit", (event) => event.preventDefault());
    root.addEventListener("input", (event) => this.changed(event.target));
    $("[data-words]", root).addEventListener("click", (event) => this.put(event.target.closest("[data-word]")?.dataset.word));
    $("[data-usual]", root).addEventListener("click", () => this.putUsual());
  }

  get profile() {
    return this.rules.get(this.options.profile);
  }

  // --- from options to fields ----------------------------------------------------------------------

  /** Show options; what they lack is as the trainer has it. */
  take(options) {
    const rules = this.rules.get(options.profile);
    const variant = rules.variants.some(({ slug }) => slug === options.variant) ? options.variant : undefined;
    const usual = usualOptions(rules, variant);
    this.options = {
      ...usual,
      ...options,
      variant: usual.variant,
      style: { ...usual.style, ...options.style },
      pixels: { ...usual.pixels, ...options.pixels },
    };
    this.showTrainer(rules);
    this.showValues();
  }

  showTrainer(rules) {
    const { root } = this;
    const { variants } = rules;
    $("[data-variants]", root).hidden = variants.length < 2;
    fill($("[data-variant-choices]", root), variants.length > 1 && variants.map((variant) => variantChoice(variant)));
    $("[data-training]", root).hidden = !rules.has_resolution && !rules.has_repeats;
    for (const [name, has] of Object.entries({ resolution: rules.has_resolution, repeats: rules.has_repeats, marker: rules.markers.length > 0, secondary: rules.secondaries.length > 0 })) {
      $(`[data-has=${name}]`, root).hidden = !has;
    }
    fill($("[data-resolutions]", root), rules.resolutions.map((value) => el("option", { value })));
    $("[data-shuffling]", root).hidden = !rules.shuffles;
    $("[data-marker]", root).textContent = rules.markers[0] ?? "";
    $("[data-secondary]", root).textContent = rules.secondaries[0] ?? "";
  }

  showValues() {
    const { fields, options } = this;
    const { style, pixels } = options;
    fields.profile.value = options.profile;
    if (fields.variant) fields.variant.value = options.variant;
    for (const name of ["template", "repeats", "resolution", "folder", "untagged"]) fields[name].value = options[name];
    for (const name of ["separator", "underscores", "order"]) fields[name].value = style[name];
    fields.escape_parentheses.value = style.escape_parentheses ? "yes" : "";
    fields.kept.value = style.kept ?? "";
    fields.marker.checked = style.marker !== null;
    fields.secondary.checked = style.secondary !== null;
    for (const name of ["mode", "background", "format", "quality"]) fields[name].value = pixels[name];
    fields.longest_side.value = pixels.longest_side ?? "";
    this.showRelated();
  }

  /** What depends on other fields. */
  showRelated() {
    const { fields, options, root } = this;
    const isShuffled = options.style.kept !== null;
    for (const name of ["marker", "secondary"]) fields[name].disabled = !isShuffled;
    $("[data-quality]", root).hidden = options.pixels.format === "png";
    $("[data-usual]", root).hidden = options.template === usualOptions(this.profile, options.variant).template;
  }

  // --- from fields to options ----------------------------------------------------------------------

  changed(field) {
    if (!field.name) return;
    if (field.name === "version") {
      this.tell(field);
      return;
    }
    if (field.name === "profile") {
      this.dispatchEvent(new CustomEvent("profile", { detail: field.value }));
      return;
    }
    if (field.name === "variant") this.takeVariant(field.value);
    this.read();
    this.showRelated();
    this.tell(field);
  }

  tell(field) {
    this.dispatchEvent(new CustomEvent("change", { detail: field }));
  }

  /** Another variant has its own template, unless the person wrote one. */
  takeVariant(variant) {
    const { profile, options, fields } = this;
    const isUsual = options.template === usualOptions(profile, options.variant).template;
    if (isUsual) fields.template.value = usualOptions(profile, variant).template;
  }

  read() {
    const { fields, profile } = this;
    const text = (name) => fields[name].value;
    const isShuffled = profile.shuffles && text("kept") !== "";
    const signOf = (name, signs) => (isShuffled && fields[name].checked && signs.length > 0 ? signs[0] : null);
    Object.assign(this.options, {
      variant: fields.variant?.value || profile.variants[0].slug,
      template: text("template"),
      folder: text("folder"),
      untagged: text("untagged"),
      style: {
        ...this.options.style,
        separator: text("separator"),
        underscores: text("underscores"),
        order: text("order"),
        escape_parentheses: text("escape_parentheses") === "yes",
        kept: isShuffled ? number(fields.kept) : null,
        marker: signOf("marker", profile.markers),
        secondary: signOf("secondary", profile.secondaries),
      },
      pixels: {
        mode: text("mode"),
        longest_side: number(fields.longest_side),
        background: text("background"),
        format: text("format"),
        quality: number(fields.quality) ?? 95,
      },
    });
    for (const name of NUMBERS) this.options[name] = number(fields[name]);
  }

  // --- the template --------------------------------------------------------------------------------

  /** Put a placeholder where the caret is. */
  put(word) {
    if (!word) return;
    const { template } = this.fields;
    template.setRangeText(word, template.selectionStart, template.selectionEnd, "end");
    template.focus();
    this.changed(template);
  }

  putUsual() {
    const { template } = this.fields;
    template.value = usualOptions(this.profile, this.options.variant).template;
    template.focus();
    this.changed(template);
  }

  // --- errors --------------------------------------------------------------------------------------

  /** Say what is wrong beside the field that was changed last; `null` for nothing. */
  fail(field, text) {
    for (const line of $$("[data-error]", this.root)) line.hidden = true;
    for (const other of $$("[aria-invalid]", this.root)) {
      if (other.matches("[data-filter-input]")) continue;
      other.removeAttribute("aria-invalid");
      other.removeAttribute("aria-describedby");
    }
    if (!text) return;
    const line = $("[data-error]", field?.closest(".export-part") ?? $(".export-part", this.root));
    field?.closest(".export-fields, .field")?.after(line);
    line.id = "export-error";
    line.textContent = text;
    line.hidden = false;
    if (field) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", line.id);
    }
  }
}

const number = (field) => (field.value === "" || Number.isNaN(field.valueAsNumber) ? null : Math.round(field.valueAsNumber));

const variantChoice = ({ slug, sentence }) =>
  el(
    "label",
    { class: "choice" },
    el("input", { type: "radio", name: "variant", value: slug }),
    el("span", {}, el("span", { class: "choice__title export-code", text: slug }), el("span", { class: "choice__hint", text: sentence })),
  );
