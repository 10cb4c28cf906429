/**
 * Names a version of a cell's text: 16 hex digits, two 32-bit FNV-1a passes over UTF-16 units.
 * A lone surrogate counts as U+FFFD, which is what a text under edit shows in its place.
 * It tells versions apart; it is no protection against somebody who wants a collision.
 */
export function sourceHash(source: string): string {
  const text = source.toWellFormed();
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ ((unit << 7) | (unit >>> 9)), 0x85ebca6b);
  }
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return hex(a ^ (text.length * 0x9e3779b1)) + hex(b);
}
