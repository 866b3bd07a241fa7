import { describe, expect, it } from 'vitest';
import { hex, unhex } from '../../src/base/hex.js';
import { runSteps } from '../../src/engine/example.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { decrypt, proofOf, seal, unseal, USAGE } from '../../src/protocols/msgr2/secure/cephx-seal.js';
import { krb5Seal, krb5Unseal } from '../../src/protocols/msgr2/secure/krb5-seal.js';
import {
  ENTITY_KEY_256,
  exampleKeys,
  sealedScript,
  SESSION_KEY_256,
} from '../../src/protocols/msgr2/secure/sealed-script.js';

/** RFC 8009, appendix A: the base key, and key usage 2. */
const KEY = unhex('6d404d37faf79f9df0d33568d320669800eb4836472ea8a026d16b7182460c52');
const USAGE_2 = 2;

describe('sealing as in Kerberos (RFC 8009, appendix A)', () => {
  it.each([
    [
      '',
      'f764e9fa15c276478b2c7d0c4e5f58e4',
      '41f53fa5bfe7026d91faf9be959195a058707273a96a40f0a01960621ac612748b9bbfbe7eb4ce3c',
    ],
    [
      '000102030405',
      'b80d3251c1f6471494256ffe712d0b9a',
      '4ed7b37c2bcac8f74f23c1cf07e62bc7b75fb3f637b9f559c7f664f69eab7b6092237526ea0d1f61cb20d69d10f2',
    ],
    [
      '000102030405060708090a0b0c0d0e0f',
      '53bf8a0d105265d4e276428624ce5e63',
      'bc47ffec7998eb91e8115cf8d19dac4bbbe2e163e87dd37f49beca92027764f68cf51f14d798c2273f35df574d1f932e40c4ff255b36a266',
    ],
    [
      '000102030405060708090a0b0c0d0e0f1011121314',
      '763e65367e864f02f55153c7e3b58af1',
      '40013e2df58e8751957d2878bcd2d6fe101ccfd556cb1eae79db3c3ee86429f2b2a602ac86fef6ecb647d6295fae077a1feb517508d2c16b4192e01f62',
    ],
  ])('of %j', (plain, confounder, sealed) => {
    expect(hex(krb5Seal(KEY, USAGE_2, unhex(plain), unhex(confounder)))).toBe(sealed);
    if (plain !== '') expect(hex(krb5Unseal(KEY, USAGE_2, unhex(sealed))!)).toBe(plain);
  });

  it('opens again at every length, and with no other key, usage or byte', () => {
    for (let n = 1; n < 70; n++) {
      const plain = Uint8Array.from({ length: n }, (_, i) => i * 3);
      const sealed = krb5Seal(KEY, 5, plain, new Uint8Array(16).fill(n));
      expect(hex(krb5Unseal(KEY, 5, sealed)!)).toBe(hex(plain));
      expect(krb5Unseal(KEY, 4, sealed)).toBeNull();
      const damaged = Uint8Array.from(sealed);
      damaged[n % sealed.length]! ^= 1;
      expect(krb5Unseal(KEY, 5, damaged)).toBeNull();
      expect(
        krb5Unseal(
          KEY.map((b) => b ^ 1),
          5,
          sealed,
        ),
      ).toBeNull();
      expect(krb5Unseal(KEY, 5, sealed.subarray(0, n % 40))).toBeNull();
    }
  });
});

it('a key of type aes opens what Ceph sealed with it (src/test/crypto.cc)', () => {
  const sealed = unhex('b38f5bc9354cf8c61315666f37d7793a11907be9d83c3570587b979b03d2a501');
  const plain = decrypt(unhex('000102030405060708090a0b0c0d0e0f'), sealed);
  expect(hex(plain!)).toBe('00112233445566778899aabbccddeeff');
});

describe('a key of type aes256k', () => {
  const own = Uint8Array.from({ length: 32 }, (_, i) => i);

  it('proves itself by an HMAC of both challenges', () => {
    const proof = proofOf(own, 0x1122334455667788n, 0x99aabbccddeeff00n);
    expect(Buffer.from(proof).readBigUInt64LE()).toBe(0x52460fb091ff144an);
  });

  it('opens what was sealed for one usage only', () => {
    const sealed = seal(own, Uint8Array.of(1, 2, 3), USAGE.AUTHORIZE);
    expect([...unseal(own, sealed, USAGE.AUTHORIZE)!]).toEqual([1, 2, 3]);
    expect(unseal(own, sealed, USAGE.AUTHORIZE_REPLY)).toBeNull();
  });

  it('opens a login, its signatures, and the frames in secure mode behind it', () => {
    const keys = { entityKey: ENTITY_KEY_256, sessionKey: SESSION_KEY_256 };
    const { steps } = sealedScript().openSealed(keys).sealedMessage('client').sealedMessage('server');
    const open = (knows: unknown) => runSteps(msgr2, steps, { port: 3300, knows });
    const { messages, findings } = open(exampleKeys());
    // a signature that does not hold, or a tag, would be an error
    expect(findings.map((f) => f.text)).toEqual([]);
    expect(messages.filter((m) => m.name === 'MESSAGE')).toHaveLength(2);
    const without = open({ entities: [['client.admin', '00'.repeat(32)]], tickets: [], secrets: [] });
    expect(without.messages.filter((m) => m.name === 'MESSAGE')).toEqual([]);
  });
});
