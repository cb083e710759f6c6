"use strict";
(function () {
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var theme = document.getElementById("theme");

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  }
  function nameTheme() {
    theme.textContent = isDark() ? theme.dataset.on : theme.dataset.off;
  }
  if (theme) {
    theme.hidden = false;
    nameTheme();
    theme.addEventListener("click", function () {
      root.dataset.theme = isDark() ? "light" : "dark";
      nameTheme();
    });
    dark.addEventListener("change", nameTheme);
  }

  var code = document.getElementById("code");
  if (code) {
    code.hidden = false;
    code.addEventListener("click", function () {
      var show = code.getAttribute("aria-pressed") !== "true";
      code.setAttribute("aria-pressed", String(show));
      code.textContent = show ? code.dataset.on : code.dataset.off;
      document.querySelectorAll("details.code").forEach(function (fold) {
        fold.open = show;
      });
    });
  }

  var links = {};
  document.querySelectorAll(".contents.wide a").forEach(function (link) {
    links[decodeURIComponent(link.hash.slice(1))] = link;
  });
  var heads = Array.prototype.filter.call(
    document.querySelectorAll("h2[id], h3[id]"),
    function (head) { return links[head.id]; }
  );
  function follow() {
    var here = null;
    heads.forEach(function (head) {
      if (head.getBoundingClientRect().top < 120) { here = head; }
    });
    heads.forEach(function (head) {
      if (head === here) { links[head.id].setAttribute("aria-current", "location"); }
      else { links[head.id].removeAttribute("aria-current"); }
    });
  }
  if (heads.length) {
    document.addEventListener("scroll", follow, { passive: true });
    follow();
  }

  var filter = document.getElementById("filter");
  if (filter) {
    filter.closest("[hidden]").hidden = false;
    filter.addEventListener("input", function () {
      var wanted = filter.value.trim().toLowerCase();
      var left = 0;
      document.querySelectorAll("[data-filter]").forEach(function (entry) {
        var fits = entry.dataset.filter.toLowerCase().indexOf(wanted) !== -1;
        entry.hidden = !fits;
        left += fits ? 1 : 0;
      });
      var shown = document.getElementById("left");
      shown.textContent = shown.dataset.count.replace("{n}", left);
    });
  }
})();
