package pgp

import (
	"bytes"
	"errors"
	"fmt"

	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Limits on a signature file. Parsing costs far more than the bytes suggest:
// 64 KiB of tiny packets take seconds, nested signatures gigabytes.
const (
	MaxSignatureSize    = 16 << 10 // bytes
	MaxSignaturePackets = 8
)

// Signature is a parsed signature file: armored or binary, with one or several
// signature packets. It is never changed after Parse.
type Signature struct {
	fault   *Result // the file is malformed
	packets []signaturePacket
}

// A signaturePacket is one signature of a file.
type signaturePacket struct {
	serialized []byte
	parsed     *packet.Signature // nil if fault is not
	facts      Result            // Issuer, Hash, Created and Version
	fault      *Result           // the library cannot check this one
}

// Parse reads a signature file. It never fails and never returns nil: what is
// wrong with a file comes out of Keyring.Verify, as status Malformed or
// Unsupported with its reason. To have an oversized file recognised, read at
// least one byte more than MaxSignatureSize.
//
// All armored blocks of the file count, CRLF line ends and text around the
// blocks are accepted, and so is a binary signature.
func Parse(asc []byte) *Signature {
	var s Signature
	data, fault := binarySignature(asc)
	if fault == nil {
		s.packets, fault = signaturePackets(data)
	}
	s.fault = fault
	return &s
}

func malformed(why Reason, format string, args ...any) *Result {
	return &Result{Status: Malformed, Reason: why, Detail: fmt.Sprintf(format, args...)}
}

// binarySignature takes the armor off a signature file.
func binarySignature(asc []byte) ([]byte, *Result) {
	switch {
	case len(asc) > MaxSignatureSize:
		return nil, malformed(TooLarge, "a signature of more than %d KiB is not looked at", MaxSignatureSize>>10)
	case len(bytes.TrimSpace(asc)) == 0:
		return nil, malformed(Empty, "the file is empty")
	case isHTML(asc):
		return nil, malformed(HTML, "this is an HTML or XML page, not a signature: download it again")
	}
	if err := badText(asc); err != nil {
		return nil, malformed(BadArmor, "%v", err)
	}
	if isBinary(asc) {
		return asc, nil
	}
	found := blocks(asc)
	if len(found) == 0 {
		return nil, malformed(BadArmor, "there is no PGP signature block in it")
	}
	for _, b := range found {
		switch b.kind {
		case "PGP SIGNED MESSAGE":
			return nil, malformed(ClearSigned, "this is a clear-signed text, not a detached signature")
		case "PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK":
			return nil, malformed(KeyBlock, "there is a key in it: keys are never taken from beside an artifact")
		case "PGP SIGNATURE", "PGP MESSAGE": // PGP 2 called detached signatures messages
		default:
			return nil, malformed(BadArmor, "it holds a %q block, not a PGP signature", b.kind)
		}
	}
	var data []byte
	for _, b := range found {
		d, err := b.decode()
		if err != nil {
			return nil, malformed(BadArmor, "%v", err)
		}
		data = append(data, d...)
	}
	return data, nil
}

// signaturePackets parses the signature packets of a detached signature.
func signaturePackets(data []byte) ([]signaturePacket, *Result) {
	raw, err := splitPackets(data)
	if err != nil {
		return nil, malformed(BadPacket, "the packets do not parse: %v", err)
	}
	// Count before anything is parsed.
	n := 0
	for _, p := range raw {
		switch {
		case p.tag == tagSignature:
			n++
		case p.tag == tagSecretKey, p.tag == tagPublicKey, p.tag == tagSecretSubkey, p.tag == tagPublicSubkey:
			return nil, malformed(KeyBlock, "there is a key in it: keys are never taken from beside an artifact")
		case p.tag == tagMarker, p.tag == tagPadding, p.tag >= tagNonCritical: // RFC 9580 section 4.3: ignored
		default:
			return nil, malformed(BadPacket, "it holds a packet of type %d: not a detached signature", p.tag)
		}
	}
	switch {
	case n == 0:
		return nil, malformed(BadPacket, "there is no signature packet in it")
	case n > MaxSignaturePackets:
		fault := malformed(TooManySignatures, "more than %d signatures in one file are not looked at", MaxSignaturePackets)
		fault.Signatures = n
		return nil, fault
	}
	packets := make([]signaturePacket, 0, n)
	for _, p := range raw {
		if p.tag != tagSignature {
			continue
		}
		sp, fault := newSignaturePacket(p)
		if fault != nil {
			fault.Signatures = n
			return nil, fault
		}
		packets = append(packets, sp)
	}
	return packets, nil
}

// newSignaturePacket parses one signature packet. The fault it returns is the
// whole file's.
func newSignaturePacket(p rawPacket) (signaturePacket, *Result) {
	o := readOutline(p.contents)
	sp := signaturePacket{
		serialized: p.serialized,
		facts:      Result{Issuer: o.issuer, Hash: o.hash, Created: o.created, Version: o.version},
	}
	unsupported := func(why Reason, format string, args ...any) {
		fault := sp.facts
		fault.Status, fault.Reason, fault.Detail = Unsupported, why, fmt.Sprintf(format, args...)
		sp.fault = &fault
	}
	// A signature over data has nothing embedded (RFC 9580 section 5.2.3.34),
	// and the library would follow nested ones as deep as they go.
	if len(o.inner) > 0 {
		return sp, malformed(BadPacket, "it carries an embedded signature, which a signature over data never does")
	}

	parsed, err := p.parse()
	sig, _ := parsed.(*packet.Signature)
	var cannot pgperrors.UnsupportedError
	switch {
	case errors.As(err, &cannot):
		switch {
		case o.version != 4 && o.version != 6:
			unsupported(OldVersion, "a version %d signature (%s), which the library does not check", o.version, o.hash)
		case sig == nil || sig.Hash == 0: // it stopped at the algorithms
			unsupported(UnknownAlgorithm, "%s with public-key algorithm %d is not supported", o.hash, p.contents[2])
		default:
			unsupported(CriticalSubpacket, "%v", cannot)
		}
	case err != nil:
		return sp, malformed(BadPacket, "the signature packet does not parse: %v", err)
	case sig == nil:
		return sp, malformed(BadPacket, "the signature packet does not parse")
	case sig.IssuerKeyId == nil:
		unsupported(NoIssuer, "it does not say which key made it")
	default:
		sp.parsed = sig
		sp.facts.Issuer = issuer(sig)
	}
	return sp, nil
}

// issuer returns the issuer that the library will look for: the last one it
// read, be it hashed or not.
func issuer(sig *packet.Signature) string {
	id := fmt.Sprintf("%016X", *sig.IssuerKeyId)
	full := fmt.Sprintf("%X", sig.IssuerFingerprint)
	switch len(full) {
	case 40:
		if full[24:] == id {
			return full
		}
	case 64:
		if full[:16] == id {
			return full
		}
	}
	return id
}
