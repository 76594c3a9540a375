// Comfort only: every page works without this file.
(() => {
  "use strict";

  // The error summary takes the focus, so that it is read first; where nothing has it yet.
  const summary = document.querySelector("[data-summary]");
  const take = () => document.activeElement === document.body && summary.focus();
  if (summary) window.addEventListener("load", () => setTimeout(take, 50));

  // A link in the summary puts the cursor into the field and the field's label into view.
  summary?.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.closest("[data-field]") ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });

  // <div data-shown-when="name=value value"> shows only while one of these choices of the same form is made.
  // What was typed in it stays there and is sent; the server decides what counts.
  const chosen = (form, name) =>
    [...form.elements].filter((e) => e.name === name && (e.tagName === "SELECT" || e.checked)).map((e) => e.value);
  for (const part of document.querySelectorAll("[data-shown-when]")) {
    const form = part.closest("form");
    const [name, values] = part.dataset.shownWhen.split("=");
    const show = () => {
      part.hidden = !chosen(form, name).some((value) => values.split(" ").includes(value)) && !part.querySelector("[aria-invalid='true']");
    };
    form.addEventListener("change", show);
    window.addEventListener("pageshow", show);
    show();
  }

  // <span data-countdown="an instant" data-left="{left} left" data-over="…"> says how long there is left. The instant
  // stands in words beside it too; the server decides.
  for (const clock of document.querySelectorAll("[data-countdown]")) {
    const until = Date.parse(clock.dataset.countdown);
    const tick = () => {
      const seconds = Math.ceil((until - Date.now()) / 1000);
      const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      clock.textContent = seconds > 0 ? clock.dataset.left.replace("{left}", left) : clock.dataset.over;
      if (seconds > 0) setTimeout(tick, 1000);
    };
    tick();
  }

  // A second press while the first is on its way does nothing; it is free again on coming back.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
      setTimeout(() => free(form), 8000);
    });
  }
  const free = (form) => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  };
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach(free));
})();
