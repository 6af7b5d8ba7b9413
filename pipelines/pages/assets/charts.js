// Puts charts that answer to the mouse in place of the pictures that stand for them. Without scripts the pictures stay.
"use strict";
for (const script of document.querySelectorAll("script.spec")) {
  const place = script.parentElement;
  const picture = place.querySelector("svg");
  const live = document.createElement("div");
  vegaEmbed(live, JSON.parse(script.textContent), { actions: false, renderer: "svg", defaultStyle: false, tooltip: { theme: "site" }, loader: { target: "_self" } })
    .then(() => {
      const drawn = live.querySelector("svg");
      drawn.setAttribute("role", "img");
      drawn.setAttribute("aria-label", picture.getAttribute("aria-label"));
      drawn.removeAttribute("width");
      drawn.removeAttribute("height");
      picture.replaceWith(live);
    });
}
