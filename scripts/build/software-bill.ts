import type { InsidePackage } from './packages.ts';

interface Described {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/**
 * The software bill of materials, CycloneDX 1.6: the packages of which anything is inside, not all that were installed
 * to build it. Without time and serial number: the same sources give the same bytes.
 */
export function softwareBill(manifest: Described, packages: readonly InsidePackage[]): string {
  const own = purlOf(manifest);
  const purls = new Map(packages.map((inside) => [inside.path, purlOf(inside)]));
  // One package may lie in several folders.
  const byPurl = new Map<string, readonly InsidePackage[]>();
  for (const inside of packages) {
    const purl = purlOf(inside);
    byPurl.set(purl, [...(byPurl.get(purl) ?? []), inside]);
  }
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': own,
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        licenses: [{ license: { id: manifest.license } }],
        purl: own,
      },
    },
    components: [...byPurl].map(([purl, [inside]]) => component(purl, inside)),
    dependencies: [
      { ref: own, dependsOn: [...byPurl.keys()] },
      ...[...byPurl].map(([ref, copies]) => ({
        ref,
        dependsOn: [
          ...new Set(
            copies.flatMap(({ dependencies }) => dependencies.map((path) => purls.get(path))),
          ),
        ],
      })),
    ],
  };
  return `${JSON.stringify(bill, undefined, 1)}\n`;
}

function component(purl: string, inside: InsidePackage | undefined): object | undefined {
  if (inside === undefined) return undefined;
  const { name, version, license, integrity, homepage } = inside;
  const [group, short] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const url = homepage?.replace(/^git\+/, '');
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: short,
    version,
    hashes: [{ alg: 'SHA-512', content: hexOf(integrity) }],
    licenses: [{ license: { id: license } }],
    purl,
    ...(url?.startsWith('http') === true ? { externalReferences: [{ type: 'website', url }] } : {}),
  };
}

/** https://github.com/package-url/purl-spec: the `@` of a scope is escaped. */
function purlOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function hexOf(integrity: string): string {
  const [, base64] = /sha512-(\S+)/.exec(integrity) ?? [];
  if (base64 === undefined) throw new Error(`not a SHA-512: ${integrity}`);
  return Buffer.from(base64, 'base64').toString('hex');
}
