// The little behaviour that pages need beyond HTML. All of it is an addition: every page works without it.
"use strict";
(() => {
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const element = event.target.closest?.(selector);
      if (element) act(element, event);
    });
  const byId = (id) => document.getElementById(id);

  // Dialogs: data-open="id" opens, data-close closes; a click on the backdrop closes too.
  on("click", "[data-open]", (button) => byId(button.dataset.open)?.showModal());
  on("click", "[data-close]", (button) => button.closest("dialog")?.close());
  on("click", "dialog.dialog", (dialog, event) => {
    if (event.target === dialog) dialog.close();
  });

  // Menus close when something else is pressed, and on Escape, which gives the focus back.
  const closeMenus = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  document.addEventListener("click", (event) => closeMenus(event.target.closest?.("details.menu")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // data-confirm on a form asks first.
  let confirmed = null;
  on("submit", "form[data-confirm]", (form, event) => {
    if (confirmed === form) {
      confirmed = null;
      return;
    }
    const dialog = byId("confirm-shared");
    if (!dialog) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const yes = dialog.querySelector("[value=yes]");
    byId("confirm-shared-text").textContent = form.dataset.confirm;
    yes.textContent = form.dataset.confirmLabel || yes.dataset.default;
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      confirmed = form;
      form.requestSubmit(event.submitter || undefined);
    };
    dialog.returnValue = "";
    dialog.showModal();
  });

  // data-busy on a submit button shows that it works, and keeps it from being pressed twice.
  on("submit", "form", (form, event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button?.dataset.busy) return;
    // Later than this event: a disabled button would not be sent with the form.
    setTimeout(() => {
      button.disabled = true;
      button.textContent = button.dataset.busy;
    });
  });

  // The theme changes at once; the server keeps the choice.
  on("submit", "form[data-theme-form]", (form, event) => {
    if (!event.submitter) return;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    document.documentElement.dataset.theme = event.submitter.value;
    form.querySelectorAll("[name=theme]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    });
    fetch(form.action, { method: "POST", body, redirect: "manual" });
  });

  on("change", "form[data-auto-submit]", (form) => form.requestSubmit());
  on("click", "[data-print]", () => window.print());
  on("click", "[data-dismiss]", (button) => button.closest(".toast, .notice")?.remove());

  on("click", "[data-copy], [data-copy-from]", async (button) => {
    const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
    const text = source ? (source.value ?? source.textContent).trim() : button.dataset.copy;
    await navigator.clipboard.writeText(text);
    const words = button.querySelector("[data-copied]");
    if (words) words.textContent = words.dataset.copied;
    button.classList.add("is-copied");
  });

  // Counters: <output data-count-for="id" data-max="300" data-link="23" data-unit="graphemes|bytes|utf16">.
  const segmenter = Intl.Segmenter ? new Intl.Segmenter() : null;
  const graphemes = (text) => (segmenter ? [...segmenter.segment(text)].length : [...text].length);
  const measures = {
    graphemes,
    bytes: (text) => new TextEncoder().encode(text).length,
    utf16: (text) => text.length,
  };
  const addresses = /https?:\/\/\S+/g;
  const count = (output) => {
    const source = byId(output.dataset.countFor);
    if (!source) return;
    const measure = measures[output.dataset.unit] || graphemes;
    let text = source.value;
    let used = 0;
    if (output.dataset.link) {
      used = (text.match(addresses) || []).length * Number(output.dataset.link);
      text = text.replace(addresses, "");
    }
    used += measure(text) + Number(output.dataset.extra || 0);
    const left = Number(output.dataset.max) - used;
    output.value = left.toLocaleString(document.documentElement.lang);
    output.dataset.state = left < 0 ? "over" : left < Number(output.dataset.max) / 10 ? "near" : "ok";
  };
  const counters = (root, id) =>
    root.querySelectorAll("output[data-count-for]").forEach((output) => {
      if (!id || output.dataset.countFor === id) count(output);
    });
  on("input", "textarea, input", (field) => field.id && counters(document, field.id));

  // Mirrors: data-mirror="id" shows what is written in a field, in previews.
  on("input", "textarea, input", (field) => {
    if (!field.id) return;
    document.querySelectorAll(`[data-mirror="${CSS.escape(field.id)}"]`).forEach((place) => {
      place.textContent = field.value || place.dataset.empty || "";
    });
  });

  // Pictures chosen in a file input are drawn as canvases: the security policy allows no blob: addresses.
  const draw = async (file, box) => {
    const bitmap = await createImageBitmap(file);
    const canvas = document.createElement("canvas");
    const scale = Math.min(1, 480 / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", file.name);
    box.append(canvas);
    bitmap.close();
  };
  on("change", "input[type=file][data-preview]", async (input) => {
    const box = document.querySelector(input.dataset.preview);
    if (!box) return;
    box.replaceChildren();
    for (const file of input.files) {
      // What is no picture is told by the server, with the reason.
      if (file.type.startsWith("image/")) await draw(file, box).catch(() => {});
    }
  });

  // Messages of success leave after a while, unless somebody is at them; others stay until they are closed.
  const toasts = byId("toasts");
  const fade = () =>
    toasts?.querySelectorAll(".toast.success:not([data-timed]), .toast.info:not([data-timed])").forEach((toast) => {
      toast.dataset.timed = "";
      const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 3000) : toast.remove());
      setTimeout(leave, 10000);
    });

  // A part that is fetched again while somebody reads it keeps open what they opened, and leaves them where they were.
  const nameOf = (one) =>
    [one.tagName, one.id || one.closest("details[id]")?.id, one.getAttribute("href"), one.form?.getAttribute("action"), one.name].join(" ");
  const keeping = () => {
    const opened = [...document.querySelectorAll("main details[id][open]")].map((each) => each.id);
    const at = document.activeElement?.closest("main") && nameOf(document.activeElement);
    const back = () => {
      opened.forEach((id) => byId(id)?.setAttribute("open", ""));
      if (at && document.activeElement === document.body)
        [...document.querySelectorAll("main :is(a, button, summary, input)")].find((each) => nameOf(each) === at)?.focus({ preventScroll: true });
    };
    document.addEventListener("htmx:after:swap", back, { once: true });
  };
  document.addEventListener("htmx:before:swap", keeping);

  const start = (root) => {
    counters(root);
    fade();
  };
  start(document);
  document.addEventListener("htmx:after:swap", () => start(document));
})();
