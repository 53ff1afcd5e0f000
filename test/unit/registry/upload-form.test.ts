import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UploadForm } from '../../../src/registry/upload-form.ts';

const MiB = 1024 * 1024;

test('blobs go whole until one was refused; smaller ones still do', () => {
  const form = new UploadForm();
  assert.equal(form.chunkBytesFor(100 * MiB), undefined);
  assert.equal(form.refused(30 * MiB, undefined), true);
  assert.equal(form.chunkBytesFor(29 * MiB), undefined);
  assert.equal(form.chunkBytesFor(30 * MiB), 16 * MiB);
  assert.equal(form.refused(20 * MiB, undefined), true);
  assert.equal(form.chunkBytesFor(29 * MiB), 16 * MiB);
});

test('pieces shrink while they are refused, down to where it makes no sense', () => {
  const form = new UploadForm();
  form.refused(30 * MiB, undefined);
  assert.equal(form.refused(30 * MiB, 16 * MiB), true);
  assert.equal(form.chunkBytesFor(30 * MiB), 4 * MiB);
  assert.equal(form.refused(30 * MiB, 4 * MiB), true);
  assert.equal(form.refused(30 * MiB, 1 * MiB), false);
});

test('blobs refused at the same time learn one lesson, not one each', () => {
  const form = new UploadForm();
  for (let blobs = 0; blobs < 5; blobs += 1) assert.equal(form.refused(30 * MiB, undefined), true);
  assert.equal(form.chunkBytesFor(30 * MiB), 16 * MiB);
  for (let blobs = 0; blobs < 5; blobs += 1) assert.equal(form.refused(30 * MiB, 16 * MiB), true);
  assert.equal(form.chunkBytesFor(30 * MiB), 4 * MiB);
});
