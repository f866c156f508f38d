/* Reads a chart out under a finger, a pointer or the arrow keys. The server drew it: without this script nothing is missing but the numbers. */
(() => {
  "use strict";

  const MINUS = "\u2212";
  const SVG = "http://www.w3.org/2000/svg";
  const LANGUAGE = document.documentElement.lang || "en";

  // What is read at the moment: the chart's place on the page (charts are drawn anew while one looks), and where on it, 0 to 1.
  let reading = null;

  function numbersOf(figure) {
    if (!figure.numbers) figure.numbers = JSON.parse(figure.dataset.chart);
    return figure.numbers;
  }

  function inWords(value, unit, isResult) {
    const digits = unit === "%" ? 1 : unit ? 2 : 0;
    const text = Math.abs(value).toLocaleString(LANGUAGE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const isZero = !/[1-9]/.test(text);
    const sign = isZero ? "" : value < 0 ? MINUS : isResult ? "+" : "";
    return unit === "%" ? `${sign}${text}\u202f%` : `${sign}${text}`;
  }

  function whenInWords(seconds, { from, seconds: span, zone }) {
    const when = new Date((from + seconds) * 1000);
    const time = { hour: "2-digit", minute: "2-digit", ...(span < 900 ? { second: "2-digit" } : {}) };
    return when.toLocaleString(LANGUAGE === "en" ? "en-GB" : LANGUAGE, { day: "numeric", month: "short", ...time, timeZone: zone });
  }

  // The place of the last point at or before a time, or of the nearer neighbour after it.
  function nearest(times, seconds) {
    let low = 0;
    let high = times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (times[middle] <= seconds) low = middle;
      else high = middle - 1;
    }
    return low + 1 < times.length && times[low + 1] - seconds < seconds - times[low] ? low + 1 : low;
  }

  function timesOf(line, numbers) {
    return line.at || numbers.lines[0].at;
  }

  function draw(name, attributes, parent) {
    const element = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    parent.append(element);
  }

  function clear(figure) {
    figure.querySelectorAll(".reader, .reading").forEach((element) => element.remove());
  }

  function read(figure, place) {
    const numbers = numbersOf(figure);
    const { seconds: span, low, high, unit, lines } = numbers;
    const plot = figure.querySelector(".plot");
    const own = timesOf(lines[0], numbers);
    const seconds = own[nearest(own, Math.min(Math.max(place, 0), 1) * span)];
    const x = `${((seconds / span) * 100).toFixed(2)}%`;
    clear(figure);
    const marks = document.createElementNS(SVG, "g");
    marks.setAttribute("class", "reader");
    draw("line", { x1: x, x2: x, y2: "100%" }, marks);
    const words = lines.map((line) => {
      const times = timesOf(line, numbers);
      const value = line.values[nearest(times, seconds)];
      if (line.classes) draw("circle", { cx: x, cy: `${(((high - value) / (high - low)) * 100).toFixed(2)}%`, r: 3.5 }, marks);
      return `${line.name ? `${line.name} ` : ""}${inWords(value, unit, line.result)}`;
    });
    plot.append(marks);
    const said = document.createElement("p");
    said.className = "reading";
    said.setAttribute("role", "status");
    said.textContent = `${whenInWords(seconds, numbers)} \u00b7 ${words.join(" \u00b7 ")}`;
    figure.append(said);
    return seconds;
  }

  function startReading(figure, place) {
    if (reading && reading.figure !== figure) clear(reading.figure);
    reading = { figure, holder: figure.parentElement, place, hasFocus: document.activeElement === figure };
    read(figure, place);
  }

  function stopReading() {
    if (reading) clear(reading.figure);
    reading = null;
  }

  document.addEventListener("pointermove", (event) => {
    const figure = event.target.closest && event.target.closest("[data-chart]");
    if (!figure) {
      if (reading && !reading.figure.contains(document.activeElement)) stopReading();
      return;
    }
    const box = figure.querySelector(".plot").getBoundingClientRect();
    startReading(figure, (event.clientX - box.left) / box.width);
  });

  document.addEventListener("keydown", (event) => {
    const figure = event.target.closest && event.target.closest("[data-chart]");
    if (!figure || !["ArrowLeft", "ArrowRight", "Home", "End", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") return stopReading();
    const numbers = numbersOf(figure);
    const times = timesOf(numbers.lines[0], numbers);
    const from = reading && reading.figure === figure ? nearest(times, reading.place * numbers.seconds) : times.length - 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: times.length - 1 }[event.key];
    startReading(figure, times[Math.min(Math.max(to, 0), times.length - 1)] / numbers.seconds);
  });

  // A chart that is drawn anew loses the focus as well, and gets it back below; only who left it has stopped to read.
  document.addEventListener("focusout", (event) => {
    const left = event.target;
    setTimeout(() => {
      if (reading && left === reading.figure && left.isConnected && document.activeElement !== left) stopReading();
    });
  });

  // Charts that the live page draws anew: still to be reached by keys, and still read where they were.
  function settle() {
    document.querySelectorAll("[data-chart]:not([tabindex])").forEach((figure) => figure.setAttribute("tabindex", "0"));
    if (!reading || reading.figure.isConnected) return;
    const figure = reading.holder.isConnected && reading.holder.querySelector("[data-chart]");
    if (!figure) {
      reading = null;
      return;
    }
    if (reading.hasFocus) figure.focus({ preventScroll: true });
    startReading(figure, reading.place);
  }

  document.addEventListener("DOMContentLoaded", settle);
  document.addEventListener("htmx:afterSettle", settle);
  document.addEventListener("htmx:oobAfterSwap", settle);
})();
