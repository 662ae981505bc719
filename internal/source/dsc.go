package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"

	"migrate/internal/release"
)

// maxDscSize bounds a .dsc; real ones have a few KiB.
const maxDscSize = 1 << 20

// openDsc lists the upstream sources of a Debian source package. The signature
// of the .dsc is not verified: what it says is a hint that is compared.
func openDsc(ctx context.Context, arg string) (Listing, error) {
	f, err := newFolder(filepath.Dir(arg), false)
	if err != nil {
		return Listing{}, fmt.Errorf("source %q cannot be looked at: %w", arg, reason(err))
	}
	base := filepath.Base(arg)
	data, err := readAll(ctx, f.look(base).open, maxDscSize)
	if err != nil {
		return Listing{}, fmt.Errorf("source %q cannot be read: %w", arg, err)
	}
	files, err := parseDsc(data)
	if err != nil {
		return Listing{}, fmt.Errorf("source %q is not a Debian source package: %w: fetch it again", arg, err)
	}

	l := Listing{Source: arg, Kind: kindDsc}
	said := map[string][]Published{}
	var artifacts []string
	var sidecars []listed
	for _, file := range files {
		if !plainName(file.name) {
			l.Troubles = append(l.Troubles, Trouble{base,
				fmt.Sprintf("lists %q, which is not a plain file name: do not use this package", file.name)})
			continue
		}
		switch {
		case isOrig(file.name):
			artifacts = append(artifacts, file.name)
			said[file.name] = append(said[file.name], Published{By: base, Size: file.size, SHA256: file.sha256})
		case isOrigSidecar(file.name):
			sidecars = append(sidecars, file)
		case strings.Contains(file.name, ".orig"):
			l.Unrecognised = append(l.Unrecognised, Unrecognised{file.name, "not a CPython source as python.org publishes it"})
		default:
			l.Unrecognised = append(l.Unrecognised, Unrecognised{file.name, "not an upstream artifact"})
		}
	}
	names := artifacts
	for _, s := range sidecars {
		names = append(names, s.name)
		l.checkSidecar(ctx, f, base, s)
	}
	l.add(f, f.withSidecars(names))
	for i := range l.Items {
		l.Items[i].Published = said[l.Items[i].Name.File]
	}
	l.finish()
	return l, nil
}

// checkSidecar adds a trouble if a sidecar is not the file that the .dsc lists.
// One that cannot be read is said to be so where it is listed.
func (l *Listing) checkSidecar(ctx context.Context, f folder, dsc string, s listed) {
	data, err := readAll(ctx, f.look(s.name).open, maxDscSize)
	if err != nil {
		return
	}
	if sum := sha256.Sum256(data); int64(len(data)) != s.size || hex.EncodeToString(sum[:]) != s.sha256 {
		l.Troubles = append(l.Troubles, Trouble{s.name, fmt.Sprintf("is not the file that %s lists: fetch the package again", dsc)})
	}
}

// isOrig reports whether a .dsc's file is a source of CPython.
func isOrig(name string) bool {
	n, ok := release.ParseName(name)
	return ok && n.Kind == release.KindSource && n.Upstream != n.File
}

// isOrigSidecar reports whether a .dsc's file is the sidecar of such a source.
func isOrigSidecar(name string) bool {
	artifact, _, ok := release.SplitSidecar(name)
	return ok && isOrig(artifact)
}

// plainName reports whether a name is one of a file beside the .dsc and not a
// way to another place.
func plainName(name string) bool {
	return name != "." && name != ".." && !strings.ContainsAny(name, `/\`) &&
		filepath.IsLocal(name) && !hasControl(name)
}

// listed is one file of a .dsc.
type listed struct {
	name   string
	size   int64
	sha256 string
}

// dscFields are the fields that list a .dsc's files (Debian policy 5.6.21 and
// 5.6.24), those with the digests first.
const (
	checksumsField = "Checksums-Sha256"
	filesField     = "Files"
)

// parseDsc returns the files that a .dsc lists, clear-signed or bare, in its order.
func parseDsc(data []byte) ([]listed, error) {
	data, err := unsign(data)
	if err != nil {
		return nil, err
	}
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(data)))
	fields, err := r.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New("its fields cannot be read")
	}
	if rest, _ := io.ReadAll(r.R); len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("it has more than one paragraph")
	}
	files, err := dscList(fields, checksumsField, true)
	if err != nil {
		return nil, err
	}
	// A file without a SHA-256 digest would be one that the check passes over.
	old, err := dscList(fields, filesField, false)
	if err != nil {
		return nil, err
	}
	for _, o := range old {
		if !listsName(files, o.name) {
			return nil, fmt.Errorf("it lists %q without a SHA-256 digest", o.name)
		}
	}
	return files, nil
}

func listsName(files []listed, name string) bool {
	for _, f := range files {
		if f.name == name {
			return true
		}
	}
	return false
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// dscList reads one field of "digest size name" lines. Names hold no spaces.
func dscList(fields textproto.MIMEHeader, field string, required bool) ([]listed, error) {
	values := fields.Values(field)
	switch {
	case len(values) == 0 && !required:
		return nil, nil
	case len(values) == 0:
		return nil, fmt.Errorf("it has no %s field", field)
	case len(values) > 1:
		return nil, fmt.Errorf("it has %d %s fields", len(values), field)
	}
	words := strings.Fields(values[0])
	if len(words) == 0 || len(words)%3 != 0 {
		return nil, fmt.Errorf("its %s field is not made of digest, size and name", field)
	}
	var files []listed
	for ; len(words) > 0; words = words[3:] {
		digest, name := words[0], words[2]
		size, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || size < 0 {
			return nil, fmt.Errorf("its %s field gives %q no size in bytes", field, name)
		}
		if field == checksumsField && !sha256Form.MatchString(digest) {
			return nil, fmt.Errorf("its %s field gives %q no SHA-256 digest", field, name)
		}
		files = append(files, listed{name, size, digest})
	}
	return files, nil
}

const clearSignedStart = "-----BEGIN PGP SIGNED MESSAGE-----"

// unsign returns the text of a clear-signed file, or the data of a bare one. It
// refuses text outside the signed block: it would be taken for part of it.
func unsign(data []byte) ([]byte, error) {
	if !bytes.Contains(data, []byte(clearSignedStart)) {
		return data, nil
	}
	block, rest := clearsign.Decode(data)
	if block == nil {
		return nil, errors.New("its clear-signed text is damaged")
	}
	if !bytes.HasPrefix(data, []byte(clearSignedStart)) || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("there is text outside its signature")
	}
	return block.Plaintext, nil
}
