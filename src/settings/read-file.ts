/** Reads a text file; rejects as Node's `readFile` does. */
export type ReadFile = (path: string) => Promise<string>;
