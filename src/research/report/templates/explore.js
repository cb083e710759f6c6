"use strict";
(function () {
  // {word: 3} stands for the fourth word of the page's list, in the page's language.
  function worded(part, words) {
    if (Array.isArray(part)) { return part.map(function (one) { return worded(one, words); }); }
    if (!part || typeof part !== "object") { return part; }
    if (typeof part.word === "number") { return words[part.word]; }
    var made = {};
    Object.keys(part).forEach(function (key) { made[key] = worded(part[key], words); });
    return made;
  }
  function rows(columns) {
    var names = Object.keys(columns);
    var first = columns[names[0]];
    return (first.codes || first).map(function (_, place) {
      var row = {};
      names.forEach(function (name) {
        var column = columns[name];
        row[name] = column.codes ? column.levels[column.codes[place]] : column[place];
      });
      return row;
    });
  }
  function chosen(control) {
    if (control.tagName === "SELECT") { return control.value; }
    return Array.prototype.map.call(
      control.querySelectorAll("input:checked"), function (box) { return box.value; }
    );
  }
  function draw(explorer) {
    var words = Array.prototype.map.call(
      explorer.querySelectorAll(".words li"), function (item) { return item.textContent; }
    );
    var told = JSON.parse(explorer.querySelector("script").textContent);
    var spec = worded(told.spec, words);
    var still = explorer.closest("figure").querySelector(".canvas");
    spec.data = { values: rows(told.data) };
    spec.config.font = getComputedStyle(explorer).fontFamily;
    explorer.hidden = false;
    window.vegaEmbed(explorer.querySelector(".chart"), spec, {
      mode: "vega-lite", renderer: "svg", ast: true, actions: false, defaultStyle: false,
      hover: false, logLevel: 1,  // errors: nothing chosen is no fault
      tooltip: { disableDefaultStyle: true, theme: "report" }
    }).then(function (drawn) {
      explorer.querySelectorAll("[data-param]").forEach(function (control) {
        function turn() { drawn.view.signal(control.dataset.param, chosen(control)); }
        turn();
        control.addEventListener("change", function () { turn(); drawn.view.runAsync(); });
      });
      still.classList.add("on-paper");
      return drawn.view.runAsync();
    }).catch(function () {
      explorer.hidden = true;
      still.classList.remove("on-paper");
    });
  }
  document.fonts.ready.then(function () {
    document.querySelectorAll(".explorer").forEach(draw);
  });
})();
