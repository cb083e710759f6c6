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

  var ask = document.getElementById("ask");
  if (ask) {
    var pages = JSON.parse(document.getElementById("index").textContent);
    var words = document.getElementById("words");
    var results = document.getElementById("results");
    var told = document.getElementById("found");
    var MOST = 60, AROUND = 70;

    // Places that hold every word: title of the page, heading and text count together.
    function places(wanted) {
      var hits = [];
      pages.forEach(function (page) {
        page.parts.forEach(function (part) {
          var head = (page.region + " " + page.title + " " + part[1]).toLowerCase();
          var text = part[2].toLowerCase();
          var score = 0;
          var all = wanted.every(function (word) {
            var inHead = head.indexOf(word) !== -1, inText = text.indexOf(word) !== -1;
            score += (part[1].toLowerCase().indexOf(word) !== -1 ? 4 : 0) + (inText ? 2 : 0);
            return inHead || inText;
          });
          if (all && score) { hits.push({ page: page, part: part, score: score }); }
        });
      });
      return hits.sort(function (a, b) { return b.score - a.score; });
    }
    function marked(text, wanted) {
      var low = text.toLowerCase();
      var first = Math.min.apply(null, wanted.map(function (word) {
        var at = low.indexOf(word);
        return at === -1 ? Infinity : at;
      }));
      var from = isFinite(first) ? Math.max(0, first - AROUND) : 0;
      var cut = text.slice(from, from + 3 * AROUND);
      var line = document.createElement("p");
      line.append(from ? "… " : "");
      var lowCut = cut.toLowerCase(), place = 0;
      while (place < cut.length) {
        var next = cut.length, length = 0;
        wanted.forEach(function (word) {
          var at = lowCut.indexOf(word, place);
          if (at !== -1 && at < next) { next = at; length = word.length; }
        });
        line.append(cut.slice(place, next));
        if (length) {
          var mark = document.createElement("mark");
          mark.textContent = cut.slice(next, next + length);
          line.append(mark);
        }
        place = next + length;
      }
      line.append(from + cut.length < text.length ? " …" : "");
      return line;
    }
    function search() {
      var wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      var hits = wanted.length ? places(wanted) : [];
      results.replaceChildren();
      hits.slice(0, MOST).forEach(function (hit) {
        var link = document.createElement("a"), item = document.createElement("li");
        link.href = hit.page.to + (hit.part[0] ? "#" + encodeURIComponent(hit.part[0]) : "");
        link.textContent = [hit.page.region, hit.page.title, hit.part[1]].filter(Boolean).join(" › ");
        item.append(link, marked(hit.part[2], wanted));
        results.append(item);
      });
      told.textContent = !wanted.length ? "" : hits.length
        ? told.dataset.count.replace("{n}", hits.length) : told.dataset.none;
      history.replaceState(null, "", wanted.length ? "#" + encodeURIComponent(words.value) : location.pathname);
    }
    ask.hidden = false;
    words.value = decodeURIComponent(location.hash.slice(1));
    words.addEventListener("input", search);
    search();
  }
})();
