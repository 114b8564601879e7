"use strict";
(function () {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const languageButton = document.getElementById("language");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // A file opened from disk may be refused its storage: the choice is then forgotten.
  function recall(key) { try { return window.localStorage.getItem(key); } catch (error) { return null; } }
  function remember(key, value) { try { window.localStorage.setItem(key, value); } catch (error) { /* as said */ } }

  function colours(forPrint) {
    const style = getComputedStyle(root);
    return forPrint ? { ink: "#000", paper: "#fff" } : {
      ink: style.getPropertyValue("--ink").trim(), paper: style.getPropertyValue("--paper").trim(),
    };
  }

  function draw(forPrint) {
    const tone = colours(forPrint === true);
    for (const box of document.querySelectorAll(".chart")) {
      const figure = figures[box.id][root.lang];
      const layout = Object.assign({}, figure.layout);
      layout.font = Object.assign({}, layout.font, { color: tone.ink });
      layout.hoverlabel = Object.assign({}, layout.hoverlabel, { bgcolor: tone.paper });
      Plotly.react(box, figure.data, layout, { displaylogo: false, responsive: true, displayModeBar: false });
    }
  }

  function speak(lang) {
    root.lang = lang;
    languageButton.textContent = lang === "zh" ? "English" : "中文";
    document.title = (document.querySelector("h1 ." + lang) || document.querySelector("h1")).textContent;
    draw();
  }

  languageButton.addEventListener("click", function () {
    const next = root.lang === "zh" ? "en" : "zh";
    remember("arrears-language", next);
    speak(next);
  });
  document.getElementById("theme").addEventListener("click", function () {
    const now = root.dataset.theme || (dark.matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    draw();
  });
  dark.addEventListener("change", draw);
  window.addEventListener("beforeprint", function () {
    for (const item of document.querySelectorAll("details:not(.long)")) item.open = true;
    draw(true);
  });
  window.addEventListener("afterprint", draw);

  const wanted = location.hash === "#zh" || location.hash === "#en" ? location.hash.slice(1)
    : recall("arrears-language") || (navigator.language.startsWith("zh") ? "zh" : "en");
  speak(wanted === "zh" ? "zh" : "en");
})();
