package pgp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Packet type IDs, RFC 9580 section 5.
const (
	tagSignature     = 2
	tagSecretKey     = 5
	tagPublicKey     = 6
	tagSecretSubkey  = 7
	tagMarker        = 10
	tagUserID        = 13
	tagPublicSubkey  = 14
	tagUserAttribute = 17
	tagPadding       = 21
	tagNonCritical   = 40 // this and above may be skipped when unknown
)

// Signature subpacket types, RFC 9580 section 5.2.3.7.
const (
	subCreationTime      = 2
	subIssuer            = 16
	subEmbeddedSignature = 32
	subIssuerFingerprint = 33
)

// A block is one armored block of a file.
type block struct {
	kind   string // e.g. "PGP SIGNATURE"
	text   []byte // with its BEGIN and END lines
	closed bool   // there is an END line of the same kind
}

// blocks finds the armored blocks of a file: armor.Decode sees only the first
// one, and takes one without an END line for whole.
func blocks(data []byte) []block {
	const begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
	var found []block
	var open *block
	for line := range bytes.Lines(data) {
		if open != nil {
			open.text = append(open.text, line...)
		}
		line = bytes.TrimSpace(line)
		rest, ok := bytes.CutSuffix(line, []byte(dashes))
		if !ok {
			continue
		}
		if kind, ok := bytes.CutPrefix(rest, []byte(begin)); ok {
			found = append(found, block{kind: string(kind)})
			open = &found[len(found)-1]
			open.text = append(open.text, line...)
			open.text = append(open.text, '\n')
		} else if kind, ok := bytes.CutPrefix(rest, []byte(end)); ok && open != nil {
			open.closed = string(kind) == open.kind
			open = nil
		}
	}
	return found
}

// decode returns the binary content of the block.
func (b block) decode() ([]byte, error) {
	if !b.closed {
		return nil, fmt.Errorf("the armor has no %q line: the file is cut short", "-----END "+b.kind+"-----")
	}
	a, err := armor.Decode(bytes.NewReader(b.text))
	if err == io.EOF {
		return nil, errors.New("the armor has no blank line before its data")
	}
	if err != nil {
		return nil, fmt.Errorf("the armor does not decode: %w", err)
	}
	data, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, fmt.Errorf("the armor does not decode: %w", err)
	}
	return data, nil
}

// badText says what keeps a file from being read as armor or as packets at
// all, or nil. An HTML page is left to the caller.
func badText(data []byte) error {
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		return errors.New("it starts with a UTF-8 byte order mark: save it again as plain ASCII")
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), bytes.HasPrefix(data, []byte("\xFE\xFF")):
		return errors.New("it is UTF-16: save it again as plain ASCII")
	case bytes.Contains(data, []byte("-----BEGIN ")) && bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') >= 0:
		return errors.New("its lines end in CR alone: convert them to LF")
	}
	return nil
}

func isHTML(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(data), []byte("<"))
}

func isBinary(data []byte) bool {
	return len(data) > 0 && data[0]&0x80 != 0
}

// A rawPacket is one packet of a sequence.
type rawPacket struct {
	tag        uint8
	contents   []byte
	serialized []byte // with a header of definite length
	start, end int    // where it stands in the input
}

// maxPackets bounds a sequence of packets: it may come from a key server, and
// empty packets take up a hundred times their size. The largest file of release
// managers' keys has some two thousand.
const maxPackets = 1 << 16

// splitPackets splits a sequence of packets. On an error it returns the
// packets before it as well.
func splitPackets(data []byte) ([]rawPacket, error) {
	var packets []rawPacket
	r := bytes.NewReader(data)
	opaque := packet.NewOpaqueReader(r)
	for {
		start := len(data) - r.Len()
		op, err := opaque.Next()
		if err == io.EOF {
			return packets, nil
		}
		if len(packets) == maxPackets {
			return packets, fmt.Errorf("there are more than %d packets", maxPackets)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return packets, errors.New("the last packet is cut short")
		}
		if err != nil {
			return packets, err
		}
		var buf bytes.Buffer
		if err := op.Serialize(&buf); err != nil {
			return packets, err
		}
		packets = append(packets, rawPacket{
			tag: op.Tag, contents: op.Contents, serialized: buf.Bytes(),
			start: start, end: len(data) - r.Len(),
		})
	}
}

var errTrailing = errors.New("the packet is longer than what it holds")

// parse parses the packet with the library. It refuses bytes after the
// packet's content: the library would take them for the next packet. Where the
// library says UnsupportedError the packet is returned as far as it was read.
func (p rawPacket) parse() (packet.Packet, error) {
	r := bytes.NewReader(p.serialized)
	parsed, err := packet.Read(r)
	if err == nil && r.Len() > 0 {
		return nil, errTrailing
	}
	return parsed, err
}

// An outline is what a signature packet of any version says of itself, as far
// as it can be read without understanding its algorithms. RFC 9580 section
// 5.2.2 (version 3) and 5.2.3 (versions 4 and 6).
type outline struct {
	version int
	sigType packet.SignatureType
	hash    string    // e.g. "SHA-512", "hash 99"; "" if it was not reached
	created time.Time // from the hashed area
	issuer  string    // fingerprint or key ID, a hint
	inner   [][]byte  // embedded signatures
}

// hashNames are the names of RFC 9580 section 9.5's hash algorithm IDs, spelt
// as crypto.Hash does.
var hashNames = map[byte]string{
	1: "MD5", 2: "SHA-1", 3: "RIPEMD-160", 8: "SHA-256", 9: "SHA-384",
	10: "SHA-512", 11: "SHA-224", 12: "SHA3-256", 14: "SHA3-512",
}

func hashName(id byte) string {
	if name, ok := hashNames[id]; ok {
		return name
	}
	return fmt.Sprintf("hash %d", id)
}

// readOutline reads the outline of a signature packet's contents. What is cut
// short or does not parse is left out: the library's parser complains about it.
func readOutline(body []byte) outline {
	var o outline
	if len(body) == 0 {
		return o
	}
	o.version = int(body[0])
	switch o.version {
	case 2, 3:
		if len(body) >= 17 {
			o.sigType = packet.SignatureType(body[2])
			o.created = time.Unix(int64(binary.BigEndian.Uint32(body[3:7])), 0).UTC()
			o.issuer = fmt.Sprintf("%X", body[7:15])
			o.hash = hashName(body[16])
		}
	case 4, 5, 6:
		if len(body) < 4 {
			return o
		}
		o.sigType = packet.SignatureType(body[1])
		o.hash = hashName(body[3])
		rest := body[4:]
		for _, hashed := range []bool{true, false} {
			var area []byte
			if area, rest = subpacketArea(rest, o.version); area == nil {
				return o
			}
			o.readArea(area, hashed)
		}
	}
	return o
}

// subpacketArea cuts one area of subpackets, with its length in front, off body.
func subpacketArea(body []byte, version int) (area, rest []byte) {
	var n uint64
	switch {
	case version == 6 && len(body) >= 4:
		n, body = uint64(binary.BigEndian.Uint32(body)), body[4:]
	case version != 6 && len(body) >= 2:
		n, body = uint64(binary.BigEndian.Uint16(body)), body[2:]
	default:
		return nil, nil
	}
	if n > uint64(len(body)) {
		return nil, nil
	}
	return body[:n:n], body[n:]
}

func (o *outline) readArea(area []byte, hashed bool) {
	subpackets, _ := packet.OpaqueSubpackets(area)
	for _, s := range subpackets {
		switch s.SubType & 0x7f { // without the critical bit
		case subCreationTime:
			if hashed && len(s.Contents) == 4 {
				o.created = time.Unix(int64(binary.BigEndian.Uint32(s.Contents)), 0).UTC()
			}
		case subIssuer:
			if len(s.Contents) == 8 && o.issuer == "" {
				o.issuer = fmt.Sprintf("%X", s.Contents)
			}
		case subIssuerFingerprint:
			if len(s.Contents) > 1 {
				o.issuer = fmt.Sprintf("%X", s.Contents[1:])
			}
		case subEmbeddedSignature:
			o.inner = append(o.inner, s.Contents)
		}
	}
}
