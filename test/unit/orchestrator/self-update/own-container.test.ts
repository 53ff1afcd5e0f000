import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownContainerId } from '../../../../src/orchestrator/self-update/own-container.ts';

const ID = 'a'.repeat(63) + '1';

test('Docker: the folder of the container is mounted file by file', () => {
  const mountinfo = [
    '22 1 0:20 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/X',
    `31 22 8:1 /var/lib/docker/containers/${ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw`,
    `32 22 8:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`,
  ].join('\n');
  assert.equal(ownContainerId(mountinfo), ID);
});

test('Podman: the folder may be on a file system of its own', () => {
  const mountinfo = `31 22 0:45 /containers/overlay-containers/${ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw`;
  assert.equal(ownContainerId(mountinfo), ID);
});

test('an id mounted elsewhere is not our own, and outside of a container there is none', () => {
  const other = `31 22 8:1 /var/lib/docker/containers/${ID}/hostname /data/hostname rw - ext4 /dev/sda1 rw`;
  assert.equal(ownContainerId(other), undefined);
  assert.equal(ownContainerId('22 1 8:1 / / rw - ext4 /dev/sda1 rw\n'), undefined);
  assert.equal(ownContainerId(''), undefined);
});
