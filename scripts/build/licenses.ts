import type { InsidePackage } from './packages.ts';

const INTRODUCTION = `What of other packages is inside the bundle of sdr-mirror, and under which terms. Each text holds for the packages that
are named above it. sbom.cdx.json beside this file names the same packages for programs.
`;

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** The licences of all packages inside, each text once. */
export function thirdPartyLicenses(packages: readonly InsidePackage[]): string {
  const namesByText = new Map<string, Set<string>>();
  for (const inside of packages) {
    for (const text of textsOf(inside, packages)) {
      const names = namesByText.get(text) ?? new Set();
      names.add(`${inside.name} ${inside.version} (${inside.license})`);
      namesByText.set(text, names);
    }
  }
  const parts = [...namesByText].map(([text, names]) => `${[...names].join('\n')}\n\n${text}\n`);
  return [INTRODUCTION, ...parts].join(`\n${'-'.repeat(120)}\n\n`);
}

function textsOf(inside: InsidePackage, packages: readonly InsidePackage[]): readonly string[] {
  if (inside.texts.length > 0) return inside.texts;
  const { name, license, author } = inside;
  if (license === 'MIT') return [`Copyright (c) ${author ?? `the authors of ${name}`}\n\n${MIT}`];
  // Apache's terms are the same text for everybody, without a name in it.
  const same = packages.find((other) => other.license === license && other.texts.length > 0);
  if (license !== 'Apache-2.0' || same === undefined) {
    throw new Error(`${name} ships no text of its licence, ${license}`);
  }
  return same.texts.slice(0, 1);
}
