/* What the library that draws the API's description leaves out for those who listen to it, or use no pointer. */
(() => {
  "use strict";

  // It goes from the first heading to the third and fourth.
  const ATTRIBUTES = {
    "h3.opblock-tag": ["aria-level", "2"],
    "section.models h4": ["aria-level", "2"],
    ".opblock-section-header h4": ["aria-level", "3"],
    ".responses-inner h5": ["aria-level", "4"],
    ".information-container": ["role", "banner"],
    ".microlight": ["tabindex", "0"],
    ".examples-select-element": ["aria-label", "Example"],
  };
  const mend = () => {
    for (const [elements, [name, value]] of Object.entries(ATTRIBUTES)) {
      document.querySelectorAll(elements).forEach((element) => {
        if (element.getAttribute(name) !== value) element.setAttribute(name, value);
      });
    }
    document.querySelectorAll("tr[data-param-name] :is(select, input):not([aria-label])").forEach((field) => {
      field.setAttribute("aria-label", field.closest("tr").dataset.paramName);
    });
  };
  new MutationObserver(mend).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
})();
