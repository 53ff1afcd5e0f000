/** Where a setting stands: its keys and list indexes from the top. */
export type SettingPath = readonly (string | number)[];

/** `registries["registry.mycompany.com"].password`, `verify.overrides[0].match`. */
export function formatPath(path: SettingPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

/** A text that two paths share exactly if they are the same; for maps. */
export function pathKey(path: SettingPath): string {
  return JSON.stringify(path);
}

/** Whether `path` is `ancestor` or stands below it. */
export function isWithin(path: SettingPath, ancestor: SettingPath): boolean {
  return ancestor.every((part, index) => path[index] === part);
}
