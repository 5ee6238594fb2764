// Decodes a gzipped profile.proto with pprof-format and prints its sums.
//   decode_pprof.js MODULES totals|own|threads|inlines|head FILE [SAMPLE-TYPE]
'use strict';
const [, , modules, what, file, type] = process.argv;
const { Profile } = require(require.resolve('pprof-format', { paths: [modules] }));
const zlib = require('zlib');
const fs = require('fs');

const profile = Profile.decode(zlib.gunzipSync(fs.readFileSync(file)));
const text = (i) => profile.stringTable.strings[Number(i)];
const locations = new Map(profile.location.map((l) => [String(l.id), l]));
const functions = new Map(profile.function.map((f) => [String(f.id), f]));
const name = (line) => text(functions.get(String(line.functionId)).name);
const types = profile.sampleType.map((t) => `${text(t.type)}/${text(t.unit)}`);
const column = types.findIndex((t) => t.startsWith(`${type}/`));

function print(sums) {
  for (const [key, value] of sums) if (value) console.log(`${value}\t${key}`);
}
function add(sums, key, value) {
  sums.set(key, (sums.get(key) || 0n) + BigInt(value));
}

const sums = new Map();
if (what === 'totals') {
  for (const sample of profile.sample)
    types.forEach((t, i) => add(sums, t, sample.value[i]));
} else if (what === 'own') {
  for (const sample of profile.sample) {
    const leaf = locations.get(String(sample.locationId[0]));
    add(sums, name(leaf.line[0]), sample.value[column]);
  }
} else if (what === 'threads') {
  for (const sample of profile.sample)
    for (const label of sample.label)
      if (text(label.key) === 'thread') add(sums, text(label.str), sample.value[column]);
} else if (what === 'inlines') {
  // "inner outer": inner was inlined into outer
  for (const l of profile.location)
    for (let i = 0; i + 1 < l.line.length; i++)
      add(sums, `${name(l.line[i])} ${name(l.line[i + 1])}`, 1);
} else if (what === 'head') {
  const main = profile.mapping[0];
  console.log(text(main.filename), text(main.buildId), text(profile.defaultSampleType));
}
print(sums);
