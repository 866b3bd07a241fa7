import { choose, countedBy, ifLeft, items, list, whenBefore } from '../../../base/structure/parts.js';
import type { Reader } from '../../../base/structure/reader.js';
import { struct } from '../../../base/structure/struct.js';
import { i32, i64, string, u16, u32, u8, type Type } from '../../../base/structure/type.js';

/** The CRUSH map: the tree of OSDs, and the rules by which OSDs are chosen (src/crush/CrushWrapper.cc). */

const ALGORITHMS: readonly string[] = ['none', 'uniform', 'list', 'tree', 'straw', 'straw2'];

interface Bucket {
  readonly algorithm: number;
}
const of =
  (...algorithms: readonly number[]) =>
  (b: Bucket): boolean =>
    algorithms.includes(b.algorithm);
const there = (b: Bucket): boolean => b.algorithm !== 0;
const when = <T>(type: Type<T>) => whenBefore(type, there);

const weights = struct({ weight: u32, sum: u32 });
/** A bucket of the tree. One with algorithm 0 is not used. */
const bucket = struct({ algorithm: u32.shown((v) => ALGORITHMS[v] ?? `algorithm ${v}`) })
  .and(['algorithm'], {
    id: when(i32),
    type: when(u16),
    algorithmAgain: when(u8),
    hash: when(u8),
    weight: when(u32),
    size: when(u32),
  })
  .and(['algorithm', 'size'], { items: when(countedBy('size', i32, 'item')) })
  .and(['algorithm', 'size'], {
    itemWeight: whenBefore(u32, of(1)),
    pairs: whenBefore(countedBy('size', weights, 'pair'), of(2, 4)),
    nodes: whenBefore(struct({ count: u8 }).and(['count'], { weights: countedBy('count', u32, 'weight') }), of(3)),
    weights: whenBefore(countedBy('size', u32, 'weight'), of(5)),
  });

const STEPS: readonly string[] = [
  ...['noop', 'take', 'choose firstn', 'choose indep', 'emit', 'op 5', 'chooseleaf firstn', 'chooseleaf indep'],
  ...['set choose tries', 'set chooseleaf tries', 'set choose local tries', 'set choose local fallback tries'],
  ...['set chooseleaf vary_r', 'set chooseleaf stable', 'set msr descents', 'set msr collision tries'],
  ...['choose msr'],
];
const step = struct({ op: u32.shown((v) => STEPS[v] ?? `op ${v}`), first: i32, second: i32 });
const isUsed = (b: { readonly used: number }): boolean => b.used !== 0;
const rule = struct({ used: u32 }).and(['used'], {
  rule: whenBefore(
    struct({ stepCount: u32, id: u8, type: u8, oldMinSize: u8, oldMaxSize: u8 }).and(['stepCount'], {
      steps: countedBy('stepCount', step, 'step'),
    }),
    isUsed,
  ),
});

const names = list(struct({ id: i32, name: string }), 'name');
const weightSet = list(list(u32, 'weight'), 'position');
const argument = struct({ bucket: u32, weightSet, ids: list(i32, 'id') });

/** CrushWrapper. The fields after the names were added release by release, and may be missing. */
export const crushMap = struct({ magic: u32, maxBuckets: i32, maxRules: u32, maxDevices: i32 })
  .and(['maxBuckets', 'maxRules'], {
    buckets: counted('maxBuckets', bucket, 'bucket'),
    rules: counted('maxRules', rule, 'rule'),
  })
  .and({
    typeNames: names,
    bucketNames: names,
    ruleNames: names,
    chooseLocalTries: ifLeft(u32),
    chooseLocalFallbackTries: ifLeft(u32),
    chooseTotalTries: ifLeft(u32),
    chooseleafDescendOnce: ifLeft(u32),
    chooseleafVaryR: ifLeft(u8),
    strawCalcVersion: ifLeft(u8),
    allowedBucketAlgorithms: ifLeft(u32),
    chooseleafStable: ifLeft(u8),
    classes: ifLeft(list(struct({ id: i32, class: i32 }))),
    classNames: ifLeft(names),
    classBuckets: ifLeft(list(struct({ id: i32, buckets: list(struct({ class: i32, bucket: i32 })) }))),
    chooseArguments: ifLeft(list(struct({ id: i64, arguments: list(argument, 'argument') }))),
    msrDescents: ifLeft(u32),
    msrCollisionTries: ifLeft(u32),
  });

/** Like countedBy, but a negative count is taken as 0. */
function counted(member: string, type: Type<unknown>, item: string): Type<unknown> {
  return choose<unknown>(`${member} x ${type.kind}`, (r: Reader) =>
    items(Math.max(0, r.before[member] as number), type, item),
  );
}
