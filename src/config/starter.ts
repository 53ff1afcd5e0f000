import { stringify } from 'yaml';
import { cloudRegistryOf } from '../registry/auth/cloud/cloud-registry.ts';

/** What nobody but the operator can know. Each stands in the file as it is given here. */
export interface StarterAnswers {
  /** The tenant, or a file of releases. */
  readonly releases: { readonly url: string } | { readonly file: string };
  /** Template of names at the target. */
  readonly target: string;
  readonly map: string;
}

/**
 * A `mirror.yaml` to begin with: what was answered, and in comments what most sites come to next.
 * A line whose `#` is taken away is a setting that fits.
 */
export function starterConfig({ releases, target, map }: StarterAnswers): string {
  return `# sdr-mirror copies every image your tenant may run into your registry, once it is proved who signed
# it, and keeps the image map true that tells the orchestrator where it is.
#
# Settings behind a # with no space are not in force: take the # away to use one.
# All of them: docs/configuration.md

releases:
${releasesLines(releases)}
  # Some apps only, or all but some; by name or image.
  #include: ['*']
  #exclude: ['*-beta']
  # Versions to keep besides the latest of each app.
  #extra: ['atlanhq/atlan-teradata-app:3.1.3']

target:
  # {name} is the last part of the announced repository; there are {repository}, {app}, {version} too.
  image: ${scalar(target)}
  # Where another image has the tag already, refuse leaves it and reports it, overwrite moves the tag.
  #existing: refuse

map:
  # Where the orchestrator looks for it: s3://BUCKET/KEY, azblob://ACCOUNT/CONTAINER/KEY,
  # gs://BUCKET/KEY, or file:PATH from the folder of this file.
  store: ${scalar(map)}
  # An entry that leads elsewhere is somebody's decision; keep respects it, replace takes it over.
  #existing: keep

verify:
  # Only what the vendor signed is let in. Other signers and keys: docs/signatures.md
  mode: enforce
  # Age of an image up to which a missing signature is taken to be on its way.
  #grace: 1h

# Credentials that docker login has left are found without this.
#registries:
${registryLines(target)}

# What each run did, as a page for people and as data for programs.
#report:
#  html: report.html
#  json: report.json

# Who is told of failures, changes and recoveries: Slack, Teams, or any webhook.
#notify:
#  webhook: \${SLACK_WEBHOOK}
`;
}

function releasesLines(releases: StarterAnswers['releases']): string {
  if ('file' in releases) return `  file: ${scalar(releases.file)}`;
  return `  url: ${scalar(releases.url)}
  # An API token of the tenant, made by one of its admins; or tokenFile, the path of a mounted secret.
  token: \${ATLAN_API_TOKEN}`;
}

function registryLines(target: string): string {
  const hub = `#  # An account at Docker Hub raises its limit of pulls.
#  docker.io: { username: '\${DOCKERHUB_USER}', password: '\${DOCKERHUB_TOKEN}' }`;
  const host = hostOf(target);
  if (host === undefined) return hub;
  const cloud = cloudRegistryOf(host)?.cloud;
  if (cloud === 'amazon') {
    return `${hub}
#  # Signed in to by the identity of this workload. ECR takes nothing for a repository it lacks.
#  ${scalar(host)}: { createRepositories: true }`;
  }
  if (cloud !== undefined) {
    return `${hub}
#  # ${host} is signed in to by the identity of this workload.`;
  }
  return `${hub}
#  ${scalar(host)}:
#    username: ci
#    passwordFile: /run/secrets/registry`;
}

/** The registry that a template names; `undefined` where a placeholder or variable does. */
function hostOf(template: string): string | undefined {
  const [host = '', ...path] = template.split('/');
  const isHost =
    path.length > 0 && /^(?:localhost|[\w-]+\.[\w.-]+)(?::\d+)?$|^[\w-]+:\d+$/.test(host);
  return isHost && host !== 'docker.io' ? host : undefined;
}

function scalar(text: string): string {
  return stringify(text, { lineWidth: 0 }).trimEnd();
}
