/** Places regions in a memory, one behind the other, so that two share a place only where it is said that they take turns. */

/** At a multiple of so many bytes a region begins of which nothing else is said: as many as are looked at together. */
const USUAL = 16;

/** Where a region, or what takes turns, is to begin behind what comes before. */
export interface Place {
  /** At a multiple of so many bytes. @default 16 */
  readonly align?: number;
}

/** What lies in the memory under a name, or under several names without a byte between. */
export interface Region<Name extends string> extends Place {
  /** The names and how many bytes each has. */
  readonly parts: readonly (readonly [Name, number])[];
}

/** Lists of regions that begin at the same place. */
export interface Turns<Name extends string> extends Place {
  /** Why only one of the lists is in use at a time. */
  readonly because: string;
  /** The lists. */
  readonly lists: readonly (readonly Region<Name>[])[];
}

/** A name and where it is. */
export interface Placed<Name extends string> {
  /** The name. */
  readonly name: Name;
  /** The first byte. */
  readonly from: number;
  /** The byte after the last one. */
  readonly to: number;
  /** Those it takes turns with, and with which of their lists; none by default. */
  readonly turn?: readonly [Turns<Name>, number];
}

/** A region of so many bytes. */
export function region<Name extends string>(name: Name, size: number, place: Place = {}): Region<Name> {
  return { parts: [[name, size]], ...place };
}

/** A region of which the source, which has several names for it, takes for granted that they stand side by side in this order. */
export function block<Name extends string>(sizes: Readonly<Record<Name, number>>, place: Place = {}): Region<Name> {
  return { parts: Object.entries(sizes) as [Name, number][], ...place };
}

/** Lists of regions of which only one is in use at a time, and why. */
export function turns<Name extends string>(
  because: string,
  lists: readonly (readonly Region<Name>[])[],
  place: Place = {},
): Turns<Name> {
  return { because, lists, ...place };
}

/** The next multiple of `align` that is not below `size`. */
export function aligned(size: number, align: number): number {
  return Math.ceil(size / align) * align;
}

/** Places entries one behind the other, from 0 on. @throws {RangeError} when a name comes twice */
export function place<Name extends string>(entries: readonly (Region<Name> | Turns<Name>)[]): Placed<Name>[] {
  const placed: Placed<Name>[] = [];
  let end = 0;
  for (const entry of entries) {
    if ("parts" in entry) end = placeRegion(entry, end, placed);
    else {
      const start = startOf(entry, end);
      const ends = entry.lists.map((list, nth) =>
        list.reduce((behind, each) => placeRegion(each, behind, placed, [entry, nth]), start)
      );
      end = Math.max(...ends);
    }
  }
  const names = new Set<Name>();
  for (const { name } of placed) {
    if (names.has(name)) throw new RangeError(`two regions are called ${name}`);
    names.add(name);
  }
  return placed;
}

/** Where the last of some regions ends. */
export function endOf(placed: readonly Placed<string>[]): number {
  return Math.max(...placed.map(({ to }) => to));
}

/** Places the parts of a region behind `end`; where they end. */
function placeRegion<Name extends string>(
  entry: Region<Name>,
  end: number,
  placed: Placed<Name>[],
  turn?: readonly [Turns<Name>, number],
): number {
  let at = startOf(entry, end);
  for (const [name, size] of entry.parts) {
    placed.push({ name, from: at, to: at + size, ...(turn === undefined ? {} : { turn }) });
    at += size;
  }
  return at;
}

function startOf({ align = USUAL }: Place, end: number): number {
  return aligned(end, align);
}
