"use strict";
document.documentElement.classList.add("js");

/* A viewer compares two pictures of its contact sheet under a slider; the sheet holds them, so that nothing is stored twice. */
for (const viewer of document.querySelectorAll(".viewer")) {
  const views = [...viewer.querySelectorAll(".sheet figure")].map((figure) => ({
    figure,
    name: figure.querySelector("b").textContent,
    image: figure.querySelector("img.image").src,
    residual: figure.querySelector("img.residual")?.src,
  }));
  const stage = viewer.querySelector(".stage");
  const slider = stage.querySelector("input");
  const what = viewer.querySelector("select.what");

  const show = () => {
    for (const side of ["left", "right"]) {
      const view = views[viewer.querySelector(`select.${side}`).value];
      const residual = what.value === "residual" && view.residual;
      stage.querySelector(`img.${side}`).src = residual || view.image;
      stage.querySelector(`.name.${side[0]}`).textContent = residual ? `${view.name} − truth` : view.name;
    }
    const chosen = Number(viewer.querySelector("select.right").value);
    views.forEach((view, i) => view.figure.querySelector("button").setAttribute("aria-pressed", String(i === chosen)));
  };
  const slide = () => stage.style.setProperty("--at", `${slider.value}%`);

  viewer.querySelectorAll("select").forEach((select) => select.addEventListener("change", show));
  slider.addEventListener("input", slide);
  views.forEach((view, i) =>
    view.figure.querySelector("button").addEventListener("click", () => {
      viewer.querySelector("select.right").value = i;
      show();
    }),
  );
  show();
  slide();
}
