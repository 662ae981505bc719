package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"migrate/internal/release"
	"migrate/keyrings"
)

// timesApart is how far apart the two signing times of one artifact may be
// without a word: a release is signed within a day or two.
const timesApart = 72 * time.Hour

// findings collects what is worth knowing about one artifact.
type findings struct {
	*Evidence
	roster *keyrings.Roster
	list   []Finding
}

// add adds a finding at its catalogue level.
func (f *findings) add(code Code, format string, args ...any) {
	e, _ := Explain(code) // a code without entry has no level, which every test of it shows
	f.addAt(e.Level, code, format, args...)
}

// addAt adds a finding whose level the context has raised or lowered; the
// catalogue entry says when that is done.
func (f *findings) addAt(level Level, code Code, format string, args ...any) {
	f.list = append(f.list, Finding{Code: code, Level: level, Message: fmt.Sprintf(format, args...)})
}

// find returns the findings that one artifact gives rise to by itself.
func find(e *Evidence, v Verdict, r *keyrings.Roster) []Finding {
	f := findings{Evidence: e, roster: r}
	f.source()
	if e.Trouble == "" {
		f.pgp()
		f.sigstore()
		f.compare(v)
	}
	return f.list
}

// source finds what concerns the artifact whoever signed it.
func (f *findings) source() {
	if f.Trouble != "" {
		f.add("source/unreadable", "The artifact could not be read, so neither signature was checked: %s", f.Trouble)
	}
	if !f.Verified.IsZero() {
		f.add("source/carried-over", "Not read again: it was verified on %s, and neither the file, as far as the server says, nor its signatures have changed since",
			f.Verified.UTC().Format(time.DateOnly))
	}
	if f.Expected.Recalled != "" {
		f.add("compare/recalled-release", "This release was recalled, whatever its signatures say: %s", f.Expected.Recalled)
	}
	if nothing := len(f.Expected.Signers)+len(f.Expected.Identities)+len(f.Expected.Patterns) == 0; nothing && !f.Expected.Known {
		if f.Name.Version == (release.Version{}) {
			f.add("source/unknown-series", "This is not a name of CPython's, so the roster cannot say who should have signed it")
		} else {
			f.add("source/unknown-series", "The roster%s has no row for %s, so nobody can be said to be its right signer",
				bracketed(f.roster.Version()), f.Name.Version.Series())
		}
	}
	for _, p := range f.Published {
		f.published(p)
	}
}

// published finds where somebody says something else about the artifact.
func (f *findings) published(p Published) {
	level := Error
	if p.Hint && f.signed() {
		level = Warning
	}
	switch {
	case f.SHA256 != "" && p.SHA256 != "":
		if !strings.EqualFold(p.SHA256, f.SHA256) {
			f.addAt(level, "source/published-digest-differs", "The file's SHA-256 is %s; %s says %s", f.SHA256, p.By, strings.ToLower(p.SHA256))
		}
	case f.MD5 != "" && p.MD5 != "" && !strings.EqualFold(p.MD5, f.MD5):
		f.addAt(level, "source/published-digest-differs", "The file's MD5 is %s; %s says %s", f.MD5, p.By, strings.ToLower(p.MD5))
	}
	if f.Size >= 0 && p.Size >= 0 && p.Size != f.Size {
		f.addAt(level, "source/size-differs", "The file has %s; %s says %d", count64(f.Size, "byte"), p.By, p.Size)
	}
	for _, kind := range release.Sidecars() {
		if link, ok := p.Links[kind]; ok {
			f.link(p.By, kind, link)
		}
	}
}

// signed reports whether a signature shows that these are the signer's bytes,
// and none shows the contrary.
func (f *findings) signed() bool {
	p, s := f.pgpClass(), f.sigstoreClass()
	return f.Trouble == "" && (p == pass || p == weak || s == pass) && p != negative && s != negative
}

// link finds a link to a sidecar that leads to something else than lies beside
// the artifact. Whether a signature or bundle lies there, the audit has seen;
// the other sidecars are as the source says: not what the link says.
func (f *findings) link(by string, kind release.Sidecar, link string) {
	seen := map[release.Sidecar]bool{release.Asc: f.PGPFile.Location != "", release.Sigstore: f.Bundle.Location != ""}
	there, known := seen[kind]
	beside := false
	for _, suffix := range kind.Suffixes() {
		beside = beside || link == f.Name.Version.Dir()+"/"+f.Name.File+suffix
	}
	switch {
	case known && there == (link != "") && (beside || link == ""):
		// It is as the link says after all: the list of files was out of date.
	case link == "":
		f.add("source/published-link-differs", "%s links no .%s for this file, and one lies beside it", by, kind)
	case beside:
		f.add("source/published-link-differs", "%s links a .%s beside this file, and there is none", by, kind)
	case known && there:
		f.add("source/published-link-differs", "%s links the .%s at %s, and it lies beside this file", by, kind, link)
	case known:
		f.add("source/published-link-differs", "%s links the .%s at %s, and beside this file there is none", by, kind, link)
	default:
		f.add("source/published-link-differs", "%s links the .%s at %s, which is not beside this file", by, kind, link)
	}
}

// count64 is count for sizes.
func count64(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// compare finds what shows only when both methods are looked at together.
func (f *findings) compare(v Verdict) {
	p, s := f.pgpClass(), f.sigstoreClass()
	holds := s == pass || s == logged
	switch {
	case v == Conflict && p == pass && holds:
		key, person, _ := differentPeople(f.Evidence, f.roster)
		f.add("compare/signer-differs", "Both signatures are valid and should be by one person, but the PGP signature is by %s and the %s by %s, as %s",
			keyOf(key.Fingerprint, f.roster), f.thing(), person.Name, pair(f.Sigstore.Identity))
	case v == Conflict && holds:
		f.add("compare/conflict", "Sigstore says that this file is as it was signed, and PGP (%s) says that it is not to be accepted", f.PGP.Status)
	case v == Conflict:
		f.add("compare/conflict", "PGP says that this file is as it was signed, and Sigstore (%s) says that it is not to be accepted", f.Sigstore.Status)
	}

	if p == pass && holds {
		byPGP, bySigstore := f.PGP.Created, f.Sigstore.Time()
		if apart := bySigstore.Sub(byPGP).Abs(); !byPGP.IsZero() && !bySigstore.IsZero() && apart > timesApart {
			f.add("compare/signing-times-differ", "The PGP signature was made on %s and the %s on %s, %s apart",
				day(byPGP), f.thing(), day(bySigstore), days(apart))
		}
	}

	sigstoreDue := f.Expected.Sigstore == keyrings.Required
	switch {
	case v == PGPOnly && p == weak && sigstoreDue:
		f.addAt(Error, "compare/only-weak-evidence", "The only evidence is a PGP signature that is too weak to rely on, though a bundle should exist")
	case v == PGPOnly && p == weak:
		f.add("compare/only-weak-evidence", "The only evidence is a PGP signature that is too weak to rely on")
	case v == Unsigned && (sigstoreDue || f.Expected.PGP == keyrings.Required):
		f.addAt(Error, "compare/unsigned", "The file has neither a PGP signature nor a bundle, though %s should exist", f.due())
	case v == Unsigned:
		f.add("compare/unsigned", "The file has neither a PGP signature nor a bundle, and none is due")
	}
}

// due says what should exist of an artifact, for one of which something should.
func (f *findings) due() string {
	switch {
	case f.Expected.PGP != keyrings.Required:
		return "a bundle"
	case f.Expected.Sigstore != keyrings.Required:
		return "a PGP signature"
	}
	return "both"
}

// sortFindings puts errors first, then orders by code and message.
func sortFindings(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(-cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}
