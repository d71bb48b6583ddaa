// What the composer adds for browsers with scripts: pictures go up when they are chosen, and nothing typed is lost by
// leaving the page unawares.
"use strict";
(() => {
  const form = document.querySelector("form[data-composer]");
  if (!form) return;
  let changed = form.hasAttribute("data-unsaved");
  const note = () => { changed = true; };
  form.addEventListener("input", note);
  form.addEventListener("change", note);
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });

  // Later than the preview of the pictures, which begins with the same event.
  form.addEventListener("change", (event) => {
    const button = document.getElementById(event.target.dataset.presses);
    if (button && event.target.files.length) setTimeout(() => form.requestSubmit(button));
  });

  // Enter in the search for products searches; it does not save the post.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.type === "search") event.preventDefault();
  });
})();
