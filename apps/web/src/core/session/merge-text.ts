import { diffText, type Splice } from "@opsbook/notebook/session";

/**
 * Carries what changed from `base` to `mine` over to `theirs`: how unsent typing survives a lost connection or a
 * server's new epoch, where no document history is left to merge by. Changes that touch are both kept; one that
 * the other already holds is not doubled.
 */
export function mergeText(base: string, mine: string, theirs: string): string {
  const [own] = diffText(base, mine);
  const [other] = diffText(base, theirs);
  if (!own) return theirs;
  if (!other || mine === theirs) return mine;
  if (own.index + own.remove <= other.index && !isSamePlaceInsert(own, other)) return splice(theirs, own);
  const shift = other.insert.length - other.remove;
  if (own.index >= other.index + other.remove && !isSamePlaceInsert(own, other))
    return splice(theirs, { ...own, index: own.index + shift });
  if (own.index === other.index && own.remove === other.remove) {
    // The server took part of the typing before the connection went: the rest is what is new.
    if (own.insert.startsWith(other.insert)) return mine;
    if (other.insert.startsWith(own.insert)) return theirs;
  }
  return splice(theirs, { index: other.index + other.insert.length, remove: 0, insert: own.insert });
}

const isSamePlaceInsert = (a: Splice, b: Splice) => a.index === b.index && a.remove === 0 && b.remove === 0;

export function splice(text: string, { index, remove, insert }: Splice): string {
  return text.slice(0, index) + insert + text.slice(index + remove);
}
