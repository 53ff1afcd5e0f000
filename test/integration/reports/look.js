// What a reader's eye would stumble over. Evaluated in the page, whose last expression it gives:
//
// - faint: text with less contrast than 4.5:1 to what it stands on (WCAG 2.2, 1.4.3)
// - overflowing: text that sticks out of its box, or of the window
// - broken: short words that are broken in the middle
// - hidden: text that has no size
// - texts: how many there are

const colourOf = (text) => {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue, alpha];
};
const luminance = ([red, green, blue]) => {
  const [r = 0, g = 0, b = 0] = [red, green, blue].map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const groundOf = (element) => {
  for (let each = element; each !== null; each = each.parentElement) {
    const colour = colourOf(getComputedStyle(each).backgroundColor);
    if (colour[3] === 1) return colour;
  }
  return [255, 255, 255, 1];
};
const blockOf = (element) => {
  let each = element;
  while (getComputedStyle(each).display === 'inline' && each.parentElement !== null) {
    each = each.parentElement;
  }
  return each;
};

function look() {
  const faint = [];
  const overflowing = [];
  const broken = [];
  const hidden = [];
  let texts = 0;

  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node !== null; node = nodes.nextNode()) {
    const text = node.textContent?.trim() ?? '';
    const element = node.parentElement;
    if (text === '' || element === null || element.closest('svg') !== null) continue;
    texts += 1;
    const name = `${element.tagName} ${element.className}: ${text.slice(0, 60)}`;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter(({ width }) => width > 0);
    // The head of a table is for those who listen, where every cell says what it is.
    if (element.closest('thead') !== null && (boxes[0]?.right ?? 0) < 3) continue;
    if (boxes.length === 0) hidden.push(name);

    const colour = luminance(colourOf(getComputedStyle(element).color));
    const ground = luminance(groundOf(element));
    const ratio = (Math.max(colour, ground) + 0.05) / (Math.min(colour, ground) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${name}`);

    const block = blockOf(element).getBoundingClientRect();
    const isOut = boxes.some(
      ({ left, right }) =>
        left < block.left - 1 || right > block.right + 1 || right > innerWidth || left < 0,
    );
    if (isOut) overflowing.push(name);
    if (/^[a-z]{1,20}$/.test(text) && boxes.length > 1) broken.push(name);
  }
  if (document.documentElement.scrollWidth > innerWidth) overflowing.push('the page');
  return { faint, overflowing, broken, hidden, texts };
}

look();
