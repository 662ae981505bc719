package pgp

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

func TestMalformed(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	k := ring(t, c)
	raw := sign(t, c.key, y2020)
	asc := armored(t, "PGP SIGNATURE", raw)
	block := armored(t, "PGP PUBLIC KEY BLOCK", c.packets)
	const signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nhello\n"
	tests := []struct {
		name   string
		file   []byte
		reason Reason
		detail string // part of it
	}{
		{"empty", nil, Empty, "empty"},
		{"blank", []byte(" \r\n\n"), Empty, "empty"},
		{"huge", append(bytes.Clone(asc), make([]byte, MaxSignatureSize)...), TooLarge, "16 KiB"},
		{"huge binary", bytes.Repeat([]byte{0xCA, 0}, MaxSignatureSize), TooLarge, "16 KiB"},
		{"nine signatures", bytes.Repeat(raw, 9), TooManySignatures, "8"},
		{"many tiny packets", bytes.Repeat([]byte{0xC2, 0}, MaxSignatureSize/2), TooManySignatures, "8"},
		{"HTML", []byte("<!DOCTYPE html>\n<title>404</title>"), HTML, "HTML"},
		{"HTML around a signature", slices.Concat([]byte("\n<pre>\n"), asc), HTML, "HTML"},
		{"clear-signed", slices.Concat([]byte(signed), asc), ClearSigned, "clear-signed"},
		{"public key", block, KeyBlock, "key"},
		{"signature and key", slices.Concat(asc, block), KeyBlock, "key"},
		{"private key", armored(t, "PGP PRIVATE KEY BLOCK", serialize(t, c.key)), KeyBlock, "key"},
		{"binary key", c.packets, KeyBlock, "key"},
		{"key in signature armor", armored(t, "PGP SIGNATURE", c.packets), KeyBlock, "key"},
		{"other block", armored(t, "PGP ARMORED FILE", raw), BadArmor, "PGP ARMORED FILE"},
		{"text", []byte("not found\n"), BadArmor, "no PGP signature"},
		{"UTF-8 byte order mark", slices.Concat([]byte("\xEF\xBB\xBF"), asc), BadArmor, "byte order mark"},
		{"UTF-16", []byte("\xFF\xFE-\x00-\x00"), BadArmor, "UTF-16"},
		{"CR only", bytes.ReplaceAll(asc, []byte("\n"), []byte("\r")), BadArmor, "CR"},
		{"armor without END", asc[:len(asc)-20], BadArmor, "cut short"},
		{"armor cut in the data", asc[:len(asc)/2], BadArmor, "cut short"},
		{"another END", bytes.Replace(asc, []byte("END PGP SIGNATURE"), []byte("END PGP MESSAGE"), 1), BadArmor, "cut short"},
		{"not base64", []byte("-----BEGIN PGP SIGNATURE-----\n\n!!!!\n-----END PGP SIGNATURE-----\n"), BadArmor, "decode"},
		{"no blank line", []byte("-----BEGIN PGP SIGNATURE-----\niQKT\n-----END PGP SIGNATURE-----\n"), BadArmor, "blank line"},
		{"no data", []byte("-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n"), BadPacket, "no signature packet"},
		{"second block cut", slices.Concat(asc, asc[:len(asc)-20]), BadArmor, "cut short"},
		{"truncated packet", raw[:len(raw)-1], BadPacket, "cut short"},
		{"truncated number", shortened(raw), BadPacket, "does not parse"},
		{"trailing bytes inside", lengthened(raw), BadPacket, "longer"},
		{"trailing packet inside", trailingPacket(raw), BadPacket, "longer"},
		{"garbage behind", append(bytes.Clone(raw), 0), BadPacket, "do not parse"},
		{"literal data", slices.Concat(raw, []byte{0xCB, 6, 'b', 0, 0, 0, 0, 0}), BadPacket, "type 11"},
		{"only a marker", []byte{0xCA, 3, 'P', 'G', 'P'}, BadPacket, "no signature packet"},
		{"embedded signature", embed(raw, raw[2:]), BadPacket, "embedded"},
		{"nested signatures", nested(), BadPacket, "embedded"},
		{"empty signature packet", []byte{0xC2, 0}, BadPacket, "does not parse"},
	}
	seen := map[Reason]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := verify(k, test.file)
			if r.Status != Malformed || r.Reason != test.reason || !strings.Contains(r.Detail, test.detail) || strings.Contains(r.Detail, "\n") {
				t.Fatalf("got %+v", r)
			}
			seen[r.Reason] = true
		})
	}
	for _, r := range []Reason{Empty, TooLarge, TooManySignatures, HTML, ClearSigned, KeyBlock, BadArmor, BadPacket} {
		if !seen[r] {
			t.Errorf("no case for %v", r)
		}
	}
}

// shortened cuts the last byte off the packet and its length.
func shortened(sig []byte) []byte {
	sig = bytes.Clone(sig[:len(sig)-1])
	sig[1]--
	return sig
}

// lengthened adds a byte that belongs to nothing to the packet.
func lengthened(sig []byte) []byte {
	sig = append(bytes.Clone(sig), 0)
	sig[1]++
	return sig
}

// trailingPacket hides a second signature packet behind the first one's
// content. The library alone takes both for signatures.
func trailingPacket(sig []byte) []byte {
	out := slices.Concat([]byte{0xC2, 0xFF, 0, 0, 0, byte(2*len(sig) - 2)}, sig[2:], sig)
	return out
}

// embed puts an embedded signature into the unhashed area.
func embed(sig, inner []byte) []byte {
	o := 2 + 4
	hashed := int(sig[o])<<8 | int(sig[o+1])
	at := o + 2 + hashed // length of the unhashed area
	sub := slices.Concat([]byte{byte(len(inner) + 1), subEmbeddedSignature}, inner)
	body := slices.Concat(sig[2:at], []byte{0, sig[at+1] + byte(len(sub))}, sub, sig[at+2:])
	return slices.Concat([]byte{0xC2, 0xFF, 0, 0, byte(len(body) >> 8), byte(len(body))}, body)
}

// nested is as deep as the size limit allows.
func nested() []byte {
	var body []byte
	for {
		sub := slices.Concat([]byte{0xFF, 0, 0, byte((len(body) + 1) >> 8), byte(len(body) + 1), subEmbeddedSignature}, body)
		next := slices.Concat([]byte{4, 0, 27, 10, 0, 6}, createdAt(y2020), []byte{byte(len(sub) >> 8), byte(len(sub))}, sub)
		if len(next) > MaxSignatureSize-10 {
			break
		}
		body = next
	}
	return slices.Concat([]byte{0xC2, 0xFF, 0, 0, byte(len(body) >> 8), byte(len(body))}, body)
}

// TestNestedCost: what is refused is refused before the library sees it.
func TestNestedCost(t *testing.T) {
	file := nested()
	allocated := testing.AllocsPerRun(3, func() {
		if Parse(file).fault == nil {
			t.Error("accepted")
		}
	})
	if allocated > 200 { // it is nested some 900 deep
		t.Errorf("%v allocations for one file", allocated)
	}
}

func TestAccepted(t *testing.T) {
	c := simpleCert(t, ed25519, "Signer")
	k := ring(t, c)
	raw := sign(t, c.key, y2020)
	asc := string(armored(t, "PGP SIGNATURE", raw))
	header := strings.Replace(asc, "\n\n", "\nVersion: GnuPG v1\nComment: \n\n", 1)
	tests := map[string]string{
		"plain":             asc,
		"CRLF":              strings.ReplaceAll(asc, "\n", "\r\n"),
		"binary":            string(raw),
		"headers":           header,
		"text around":       "Here it is:\n\n" + asc + "\nbye\n",
		"blanks at the end": strings.ReplaceAll(asc, "\n", " \t\n"),
		"no final newline":  strings.TrimSpace(asc),
		"wrong checksum":    withChecksum(asc, "=AAAA"), // RFC 9580, section 6.1
		"no checksum":       withChecksum(asc, ""),
		"message armor":     strings.ReplaceAll(asc, "PGP SIGNATURE", "PGP MESSAGE"),
		"old packet format": string(slices.Concat([]byte{0x88}, raw[1:])),
		"marker packet":     string(slices.Concat([]byte{0xCA, 3, 'P', 'G', 'P'}, raw)),
		"private packet":    string(slices.Concat(raw, []byte{0xC0 | 60, 1, 0})),
	}
	for name, file := range tests {
		if r := verify(k, []byte(file)); r.Status != Good || r.Signatures != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// withChecksum replaces the checksum line of the armor.
func withChecksum(asc, sum string) string {
	var lines []string
	for line := range strings.Lines(asc) {
		if strings.HasPrefix(line, "=") {
			if line = sum; line != "" {
				line += "\n"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}

// TestUnsupportedFacts: what a signature says of itself is reported also where
// the library cannot check it.
func TestUnsupportedFacts(t *testing.T) {
	r := verify(NewKeyring(), version3(0x7123BC13ED9D77D5, 1))
	if r.Status != Unsupported || r.Reason != OldVersion || r.Issuer != "7123BC13ED9D77D5" || r.Hash != "MD5" || !r.Created.Equal(y2020) || r.Version != 3 || r.Signatures != 1 {
		t.Errorf("version 3: %+v", r)
	}
	key := newKey(t, ed25519, y2018)
	r = verify(NewKeyring(), changed(sign(t, key, y2020), []byte{4, 0, 27, 10}, []byte{4, 0, 27, 1}))
	if r.Status != Unsupported || r.Reason != UnknownAlgorithm || r.Issuer != string(fingerprint(&key.PublicKey)) || r.Hash != "MD5" || !r.Created.Equal(y2020) || r.Version != 4 {
		t.Errorf("MD5: %+v", r)
	}
}

// TestOutline: the outline agrees with the library's parser.
func TestOutline(t *testing.T) {
	for _, k := range []kind{ed25519, p256, version6} {
		key := newKey(t, k, y2018)
		packets, err := splitPackets(sign(t, key, y2020, text))
		if err != nil || len(packets) != 1 {
			t.Fatal(err)
		}
		o := readOutline(packets[0].contents)
		if o.version != key.Version || o.sigType != packet.SigTypeText || o.hash != "SHA-512" || !o.created.Equal(y2020) || o.issuer != string(fingerprint(&key.PublicKey)) || o.inner != nil {
			t.Errorf("%+v", o)
		}
		for n := range packets[0].contents { // whatever the length, it does not panic
			readOutline(packets[0].contents[:n])
		}
	}
}

func TestParseFingerprint(t *testing.T) {
	const full = "7169605F62C751356D054A26A821E680E5FA6305"
	good := map[string]Fingerprint{
		full:                  full,
		strings.ToLower(full): full,
		"7169 605F 62C7 5135 6D05  4A26 A821 E680 E5FA 6305": full,
		" 0x" + full + "\n":      full,
		strings.Repeat("ab", 32): Fingerprint(strings.Repeat("AB", 32)),
	}
	for s, want := range good {
		if got, err := ParseFingerprint(s); got != want || err != nil {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	bad := map[string]string{
		"":                                 "0 digits",
		"E5FA6305":                         "key ID of 8 digits",
		"A821E680E5FA6305":                 "key ID of 16 digits",
		strings.Repeat("A", 32):            "version 3",
		full[1:]:                           "39 digits",
		strings.Replace(full, "7", "x", 1): "not hexadecimal",
	}
	for s, want := range bad {
		if got, err := ParseFingerprint(s); got != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func TestStatusText(t *testing.T) {
	for s := Unchecked; s <= Missing; s++ {
		text, err := s.MarshalText()
		if err != nil || string(text) != s.String() {
			t.Errorf("%v: %q, %v", s, text, err)
		}
		var back Status
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%v comes back as %v, %v", s, back, err)
		}
	}
	if _, err := (Missing + 1).MarshalText(); err == nil {
		t.Error("a status too many")
	}
	if got := (Missing + 1).String(); got != "pgp.Status(11)" {
		t.Error(got)
	}
	var s Status
	if err := s.UnmarshalText([]byte("fine")); err == nil {
		t.Error("no such status")
	}
	if (Result{}).Status != Unchecked || new(Result).Subkey() {
		t.Error("the zero result says something")
	}
	if slices.Index(ranking[:], Malformed) >= 0 || len(ranking) != int(Missing)-1 {
		t.Error("the ranking has a status too many or too few")
	}
}
