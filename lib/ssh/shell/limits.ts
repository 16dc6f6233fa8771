/** Bounds of what an agent may ask of a shell. */

/** Longest input at once. */
export const MAX_INPUT_CHARACTERS = 100_000;
