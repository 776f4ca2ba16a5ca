// RapiDoc writes style attributes, in its templates and by setAttribute. Our Content-Security-Policy refuses both and allows the
// same styles through the object model; so they are brought there, and the policy needs no 'unsafe-inline'.
(() => {
  const { setAttribute } = Element.prototype;
  Element.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };

  const { get, set } = Object.getOwnPropertyDescriptor(Element.prototype, 'innerHTML');
  Object.defineProperty(HTMLTemplateElement.prototype, 'innerHTML', {
    get,
    set(html) {
      set.call(this, String(html).replaceAll(/(?<=\s)style\s*=\s*(?=["'])/g, 'data-style='));
    },
  });

  const { importNode } = Document.prototype;
  Document.prototype.importNode = function (node, deep) {
    const copy = importNode.call(this, node, deep);
    for (const element of copy.querySelectorAll?.('[data-style]') ?? []) element.style.cssText = element.dataset.style;
    return copy;
  };
})();
