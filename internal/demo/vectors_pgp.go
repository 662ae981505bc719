package demo

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"migrate/compare"
	"migrate/pgp"
	"migrate/sigstore"
)

const bom = "\xef\xbb\xbf"

// pgpVectors are about the .asc, beside a good bundle.
func pgpVectors() []vector {
	return []vector{
		{"pgp-good", "Nothing is wrong: Ed25519, SHA-512, armored.", plain, nil,
			onPGP(pgp.Good, "", compare.Equivalent)},
		{"pgp-good-sha256", "Signed over SHA-256, the digest that Sigstore needs as well.", plain, resigned(jonasKey, hashed(crypto.SHA256)),
			onPGP(pgp.Good, "", compare.Equivalent)},
		{"pgp-good-rsa", "An RSA-2048 key; the PGP signer of a Windows file is another person than the Sigstore signer, as expected.", windows, nil,
			onPGP(pgp.Good, "", compare.Equivalent)},
		{"pgp-good-binary", "The signature without armor.", plain, func(m *maker, s *signed) {
			var err error
			s.files[".asc"], err = signPackets(s.key(m.people), s.data, s.date)
			m.ok(err)
		}, onPGP(pgp.Good, "", compare.Equivalent)},
		{"pgp-good-crlf", "Line ends of Windows in the armor.", plain, editedAsc(func(asc []byte) []byte {
			return bytes.ReplaceAll(asc, []byte("\n"), []byte("\r\n"))
		}), onPGP(pgp.Good, "", compare.Equivalent)},
		{"pgp-good-text-around", "Text before and after the armor.", plain, editedAsc(func(asc []byte) []byte {
			return append(append([]byte("The signature:\n\n"), asc...), "\nThat was it.\n"...)
		}), onPGP(pgp.Good, "", compare.Equivalent)},
		{"pgp-good-by-subkey", "The signature is by a subkey for signing.", bySubkey, nil,
			onPGP(pgp.Good, "", compare.Equivalent, "pgp/signed-by-subkey")},
		{"pgp-good-two-signatures", "Two signatures in one file, the first by a stranger.", plain, packed(func(m *maker, s *signed) ([]byte, error) {
			first, err := signPackets(m.people.Stranger, s.data, s.date)
			if err != nil {
				return nil, err
			}
			second, err := signPackets(s.key(m.people), s.data, s.date)
			return append(first, second...), err
		}), onPGP(pgp.Good, "", compare.Equivalent, "pgp/several-signatures")},
		{"pgp-good-key-expired-since", "The key expired in 2021, after it had signed.", historic, without(".sigstore"),
			expectation{pgp: pgp.Good, sigstore: sigstore.Missing, verdict: compare.PGPOnly, findings: []compare.Code{"pgp/key-expired-since"}}},
		{"pgp-good-key-retired-since", "The key was retired in 2023, after it had signed.", byRetired, nil,
			onPGP(pgp.Good, "", compare.Equivalent, "pgp/key-revoked-since")},
		{"pgp-good-refreshed", "The key at hand holds only a self-signature that is newer than the signature.", refreshed, nil,
			onPGP(pgp.GoodRefreshed, "", compare.Equivalent, "pgp/good-refreshed")},

		{"pgp-weak-sha1", "Signed over SHA-1 by a strong key.", plain, resigned(jonasKey, hashed(crypto.SHA1)),
			onPGP(pgp.Weak, "", compare.SigstoreOnly, "pgp/weak-hash")},
		{"pgp-weak-rsa1024", "Signed over SHA-512 by an RSA-1024 key, and there is no bundle.", ancient, without(".sigstore"),
			expectation{pgp: pgp.Weak, sigstore: sigstore.Missing, verdict: compare.PGPOnly, findings: []compare.Code{"pgp/weak-key", "compare/only-weak-evidence"}}},
		{"pgp-weak-no-key-flags", "The key does not say that it may sign.", flagless, nil,
			onPGP(pgp.Weak, "", compare.SigstoreOnly, "pgp/key-flags-missing")},
		{"pgp-weak-text-mode", "A signature over text, type 0x01, which fits other line ends as well.", plain, resigned(jonasKey, ofType(packet.SigTypeText)),
			onPGP(pgp.Weak, "", compare.SigstoreOnly, "pgp/text-mode")},
		{"pgp-weak-no-bundle", "Signed over SHA-1 by a strong key, and the bundle that is due is missing.", plain,
			both(resigned(jonasKey, hashed(crypto.SHA1)), without(".sigstore")),
			expectation{pgp: pgp.Weak, sigstore: sigstore.Missing, verdict: compare.PGPOnly,
				findings: []compare.Code{"pgp/weak-hash", "sigstore/missing", "compare/only-weak-evidence"}}},

		{"pgp-bad-signature-bit", "One bit of the signature itself is flipped.", plain, editedPacket(func(body []byte) ([]byte, error) {
			body[len(body)-1] ^= 1
			return body, nil
		}), refusedPGP(pgp.Bad, "", "pgp/bad-signature")},
		{"pgp-bad-creation-time", "The hashed creation time is one second later.", plain, editedPacket(func(body []byte) ([]byte, error) {
			return editSubpackets(body, func(hashed bool, all []*packet.OpaqueSubpacket) []*packet.OpaqueSubpacket {
				for _, s := range all {
					if hashed && s.SubType&0x7f == 2 {
						s.Contents[3]++
					}
				}
				return all
			})
		}), refusedPGP(pgp.Bad, "", "pgp/bad-signature")},
		{"pgp-bad-other-file", "The signature is of another file.", plain, func(m *maker, s *signed) {
			s.files[".asc"] = m.asc(s.key(m.people), content("Python-3.12.3.tgz"), s.date)
		}, refusedPGP(pgp.Bad, "", "pgp/bad-signature")},

		{"pgp-rejected-key-revoked", "The key was revoked as compromised.", byRevoked, nil,
			refusedPGP(pgp.Rejected, pgp.KeyRevoked, "pgp/key-revoked")},
		{"pgp-rejected-key-retired-before", "The key was retired before it signed.", byRetired, signedAt(date(2023, 6, 6)),
			refusedPGP(pgp.Rejected, pgp.KeyRevoked, "pgp/key-revoked")},
		{"pgp-rejected-key-revoked-bare", "The key was revoked as compromised; the revocation stands in a file of its own.", byBare, nil,
			refusedPGP(pgp.Rejected, pgp.KeyRevoked, "pgp/key-revoked")},
		{"pgp-rejected-key-expired", "The key had expired when it signed, as a later self-signature confirms.", byExpired, nil,
			refusedPGP(pgp.Rejected, pgp.KeyExpired, "pgp/key-expired-at-signing")},
		{"pgp-rejected-signature-expired", "The signature was made for one day.", plain, resigned(jonasKey, expires(24*time.Hour)),
			refusedPGP(pgp.Rejected, pgp.SignatureExpired, "pgp/signature-expired")},
		{"pgp-rejected-from-the-future", "The signature is dated 2099.", plain, signedAt(date(2099, 6, 6)),
			refusedPGP(pgp.Rejected, pgp.FromFuture, "pgp/from-the-future")},
		{"pgp-rejected-older-than-key", "The signature is dated before its key was made.", plain, signedAt(date(2018, 6, 6)),
			refusedPGP(pgp.Rejected, pgp.OlderThanKey, "pgp/older-than-key")},
		{"pgp-rejected-critical-notation", "A notation that nobody knows and that must be understood.", plain, resigned(jonasKey, criticalNotation),
			refusedPGP(pgp.Rejected, pgp.CriticalNotation, "pgp/critical-notation")},
		{"pgp-rejected-certify-only-key", "The signature is by the primary key, which may only certify.", bySubkey, resigned(maraPrimary),
			refusedPGP(pgp.Rejected, pgp.WrongUsage, "pgp/wrong-usage")},
		{"pgp-rejected-standalone", "A signature of type 0x02, which is not over data.", plain, resigned(jonasKey, ofType(0x02)),
			refusedPGP(pgp.Rejected, pgp.WrongUsage, "pgp/wrong-usage")},
		{"pgp-rejected-unbound-subkey", "The signature is by a subkey that never said that it belongs to the certificate.", byAdopted, nil,
			refusedPGP(pgp.Rejected, pgp.UnboundKey, "pgp/unbound-key")},

		{"pgp-unchecked-stale-key", "The key had expired when it signed, by the only copy at hand, which is older.", historic, both(without(".sigstore"), signedAt(date(2022, 4, 20))),
			expectation{pgp: pgp.Unchecked, pgpReason: pgp.StaleKey, sigstore: sigstore.Missing, verdict: compare.Unchecked, findings: []compare.Code{"pgp/stale-key"}}},
		{"pgp-unchecked-unreadable-revocation", "The key has a revocation over RIPEMD-160.", doubtful, nil,
			onPGP(pgp.Unchecked, pgp.UnreadableRevocation, compare.Unchecked, "pgp/unreadable-revocation")},
		{"pgp-unchecked-unreadable-self-signature", "The newest self-signature of the key is over RIPEMD-160.", obscure, nil,
			onPGP(pgp.Unchecked, pgp.UnreadableSelfSignature, compare.Unchecked, "pgp/unreadable-self-signature")},

		{"pgp-wrong-signer", "The signature is by the release manager of another series.", plain, resigned(maraKey),
			refusedPGP(pgp.WrongSigner, "", "pgp/other-release-manager", "pgp/signed-by-subkey")},
		{"pgp-wrong-signer-role", "The signature of a source is by the person who signs Windows files.", plain, resigned(felix),
			refusedPGP(pgp.WrongSigner, "", "pgp/other-release-manager")},
		{"pgp-wrong-signer-weak", "The signature is over SHA-1 and by the release manager of another series.", plain, resigned(maraKey, hashed(crypto.SHA1)),
			refusedPGP(pgp.WrongSigner, "", "pgp/other-release-manager", "pgp/signed-by-subkey", "pgp/weak-hash")},

		{"pgp-unknown-key-pinned", "The signer's key is pinned and not at hand.", macos, nil,
			onPGP(pgp.UnknownKey, "", compare.Unchecked, "pgp/unknown-key")},
		{"pgp-unknown-key-stranger", "The signature is by a key that is in no roster.", plain, resigned(strangerKey),
			onPGP(pgp.UnknownKey, "", compare.Unchecked, "pgp/unknown-key")},

		{"pgp-unsupported-version-3", "A signature packet of version 3, as PGP 2 made them.", plain, packed(func(m *maker, s *signed) ([]byte, error) {
			body := []byte{3, 5, byte(packet.SigTypeBinary)}
			body = binary.BigEndian.AppendUint32(body, uint32(s.date.Unix()))
			body = binary.BigEndian.AppendUint64(body, s.key(m.people).KeyId)
			body = append(body, byte(packet.PubKeyAlgoRSA), 1, 0xab, 0xcd) // MD5, the first bytes of the digest
			body = append(body, 0, 8, 0xff)                                // a number of eight bits
			var b bytes.Buffer
			err := (&packet.OpaquePacket{Tag: 2, Contents: body}).Serialize(&b)
			return b.Bytes(), err
		}), onPGP(pgp.Unsupported, pgp.OldVersion, compare.Unchecked, "pgp/unsupported")},
		{"pgp-unsupported-md5", "The signature says that it is over MD5.", plain, editedPacket(func(body []byte) ([]byte, error) {
			body[3] = 1
			return body, nil
		}), onPGP(pgp.Unsupported, pgp.UnknownAlgorithm, compare.Unchecked, "pgp/unsupported")},
		{"pgp-unsupported-public-key-algorithm", "The signature says that it is of an algorithm that does not exist.", plain, editedPacket(func(body []byte) ([]byte, error) {
			body[2] = 99
			return body, nil
		}), onPGP(pgp.Unsupported, pgp.UnknownAlgorithm, compare.Unchecked, "pgp/unsupported")},
		{"pgp-unsupported-critical-subpacket", "A subpacket of an unknown type that must be understood.", plain, editedPacket(func(body []byte) ([]byte, error) {
			return editSubpackets(body, func(hashed bool, all []*packet.OpaqueSubpacket) []*packet.OpaqueSubpacket {
				if hashed {
					all = append(all, &packet.OpaqueSubpacket{SubType: 0x80 | 60, EncodedLength: []byte{2}, Contents: []byte{0}})
				}
				return all
			})
		}), onPGP(pgp.Unsupported, pgp.CriticalSubpacket, compare.Unchecked, "pgp/unsupported")},
		{"pgp-unsupported-no-issuer", "The signature does not say which key made it.", plain, editedPacket(func(body []byte) ([]byte, error) {
			return editSubpackets(body, func(_ bool, all []*packet.OpaqueSubpacket) []*packet.OpaqueSubpacket {
				var kept []*packet.OpaqueSubpacket
				for _, s := range all {
					if t := s.SubType & 0x7f; t != 16 && t != 33 {
						kept = append(kept, s)
					}
				}
				return kept
			})
		}), onPGP(pgp.Unsupported, pgp.NoIssuer, compare.Unchecked, "pgp/unsupported")},

		{"pgp-malformed-empty", "The file is empty.", plain, file(".asc", []byte{}),
			malformedPGP(pgp.Empty)},
		{"pgp-malformed-too-large", "A good signature, and spaces up to more than 16 KiB.", plain, editedAsc(func(asc []byte) []byte {
			return append(asc, bytes.Repeat([]byte(" "), pgp.MaxSignatureSize)...)
		}), malformedPGP(pgp.TooLarge)},
		{"pgp-malformed-too-many", "Nine good signatures in one file.", plain, packed(func(m *maker, s *signed) ([]byte, error) {
			one, err := signPackets(s.key(m.people), s.data, s.date)
			return bytes.Repeat(one, pgp.MaxSignaturePackets+1), err
		}), malformedPGP(pgp.TooManySignatures, "pgp/several-signatures")},
		{"pgp-malformed-html", "An error page saved as a signature.", plain, file(".asc", []byte(errorPage)),
			malformedPGP(pgp.HTML)},
		{"pgp-malformed-clear-signed", "A clear-signed text in place of a detached signature.", plain, editedAsc(func(asc []byte) []byte {
			return append([]byte("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nPython-3.12.4.tgz is well.\n"), asc...)
		}), malformedPGP(pgp.ClearSigned)},
		{"pgp-malformed-key-block", "The signer's public key in place of a signature.", plain, func(m *maker, s *signed) {
			key, err := newCertificate(s.key(m.people)).user("Jonas Wren (demo) <jonas@demo.example>").
				self(date(2019, 9, 2), certifyAndSign).armored()
			m.ok(err)
			s.files[".asc"] = key
		}, malformedPGP(pgp.KeyBlock)},
		{"pgp-malformed-truncated", "The second half of the armor is missing.", plain, editedAsc(func(asc []byte) []byte {
			return asc[:len(asc)/2]
		}), malformedPGP(pgp.BadArmor)},
		{"pgp-malformed-bom", "A byte order mark before the armor.", plain, editedAsc(func(asc []byte) []byte {
			return append([]byte(bom), asc...)
		}), malformedPGP(pgp.BadArmor)},
		{"pgp-malformed-cr", "Lines that end in CR only.", plain, editedAsc(func(asc []byte) []byte {
			return bytes.ReplaceAll(asc, []byte("\n"), []byte("\r"))
		}), malformedPGP(pgp.BadArmor)},
		{"pgp-malformed-packet", "A packet that is shorter than it says.", plain, packed(func(m *maker, s *signed) ([]byte, error) {
			one, err := signPackets(s.key(m.people), s.data, s.date)
			return one[:len(one)-3], err
		}), malformedPGP(pgp.BadPacket)},
		{"pgp-malformed-no-signature", "A user ID in place of a signature.", plain, packed(func(*maker, *signed) ([]byte, error) {
			var b bytes.Buffer
			err := (&packet.UserId{Id: "Jonas Wren"}).Serialize(&b)
			return b.Bytes(), err
		}), malformedPGP(pgp.BadPacket)},

		{"pgp-missing", "The .asc that is due is missing.", plain, without(".asc"),
			onPGP(pgp.Missing, "", compare.SigstoreOnly, "pgp/missing")},
		{"pgp-missing-as-expected", "There is no .asc from 3.14 on.", noPGP, without(".asc"),
			onPGP(pgp.Missing, "", compare.SigstoreOnly)},
		{"pgp-unexpected", "An .asc where PEP 761 says there is none.", noPGP, nil,
			onPGP(pgp.WrongSigner, "", compare.SigstoreOnly, "pgp/nobody-pinned", "pgp/unexpected")},
	}
}
