package demo

import (
	"bytes"
	"crypto"
	"fmt"
	"path"
	"text/template"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// A demoRelease is one release of the mirror.
type demoRelease struct {
	dir   string // as on python.org
	date  time.Time
	shows string // for the README
	files []demoFile
}

// A demoFile is one artifact with its sidecars. The zero value of a sidecar is
// none.
type demoFile struct {
	name     string
	sameAs   string // of which other artifact it has the bytes
	asc      *ascSpec
	bundle   *bundleSpec
	pair     *sigstore.Identity
	replaced bool // its bytes were changed after it had been signed
}

// An ascSpec says how a PGP signature is made.
type ascSpec struct {
	by      func(*people) *packet.PrivateKey
	opts    []option
	over    string // over other bytes than the artifact's, these
	literal []byte // no signature at all, but this
}

// A bundleSpec says how a bundle is made.
type bundleSpec struct {
	by   sigstore.Identity
	how  sigstoretest.Signing
	at   time.Time // zero: on the day of the release
	over string    // over other bytes than the artifact's, these
}

func pgpBy(by func(*people) *packet.PrivateKey, opts ...option) *ascSpec {
	return &ascSpec{by: by, opts: opts}
}

func sigstoreBy(by sigstore.Identity) *bundleSpec { return &bundleSpec{by: by} }

// likeIn2022 is a bundle as release managers' clients made them then.
func likeIn2022(by sigstore.Identity) *bundleSpec {
	return &bundleSpec{by: by, how: old}
}

// old is what python.org's v0.1 bundles are like.
var old = sigstoretest.Signing{Version: "0.1", Algorithm: sigstoretest.P384SHA256}

// The signers with PGP, in the shape that the tables below take.
func inesOld(p *people) *packet.PrivateKey  { return p.InesOld }
func ines(p *people) *packet.PrivateKey     { return p.Ines }
func pavelKey(p *people) *packet.PrivateKey { return p.Pavel }
func maraKey(p *people) *packet.PrivateKey  { return p.MaraSign }
func jonasKey(p *people) *packet.PrivateKey { return p.Jonas }
func felix(p *people) *packet.PrivateKey    { return p.Felix }
func nora(p *people) *packet.PrivateKey     { return p.Nora }

// errorPage is what a server gave in place of a signature.
const errorPage = `<!DOCTYPE html>
<html><head><title>503 Service Unavailable</title></head>
<body><h1>Service Unavailable</h1><p>Guru Meditation</p></body></html>
`

// releases are the mirror, modelled on what happened to real ones.
var releases = []demoRelease{
	{"2.7.5", date(2013, 5, 15),
		"An old signature over SHA-1 by an RSA-1024 key: it is weak, and it is all there is.",
		[]demoFile{
			{name: "Python-2.7.5.tgz", asc: pgpBy(inesOld, hashed(crypto.SHA1))},
		}},
	{"2.7.6", date(2013, 11, 10),
		"No signature at all, though one was due.",
		[]demoFile{
			{name: "Python-2.7.6.tgz"},
		}},
	{"2.7.18", date(2020, 4, 20),
		"PGP only. The source's key has expired since, which does not matter; the installer is signed by the person who builds for Windows.",
		[]demoFile{
			{name: "Python-2.7.18.tgz", asc: pgpBy(ines)},
			{name: "python-2.7.18.amd64.msi", asc: pgpBy(felix)},
		}},

	{"3.9.8", date(2021, 11, 5),
		"A recalled release: its signatures count for nothing.",
		[]demoFile{
			{name: "Python-3.9.8.tgz", asc: pgpBy(pavelKey)},
		}},
	{"3.9.13", date(2022, 5, 17),
		"The last release before Sigstore: PGP only. The copy of Pavel Lindqvist's key at hand was refreshed after he had signed, here and in 3.9.14.",
		[]demoFile{
			{name: "Python-3.9.13.tgz", asc: pgpBy(pavelKey)},
		}},
	{"3.9.14", date(2022, 9, 6),
		"Both methods agree. The bundles are as they were made then: v0.1, P-384 with SHA-256. One file was published again under a second name.",
		[]demoFile{
			{name: "Python-3.9.14.tgz", asc: pgpBy(pavelKey), bundle: likeIn2022(pavel)},
			{name: "python-3.9.14-embed-amd64.zip", asc: pgpBy(felix), bundle: likeIn2022(pavel)},
			{name: "python-3.9.14.post1-embed-amd64.zip", sameAs: "python-3.9.14-embed-amd64.zip", asc: pgpBy(felix), bundle: likeIn2022(pavel)},
		}},
	{"3.9.20", date(2024, 9, 6),
		"The .asc was forgotten.",
		[]demoFile{
			{name: "Python-3.9.20.tgz", bundle: sigstoreBy(pavel)},
		}},

	{"3.10.1", date(2021, 12, 6),
		"A bundle made 485 days after the release, in the format of that time (v0.2) and with the issuer in the old certificate extension only. Mara Castellano's PGP signatures are by a subkey.",
		[]demoFile{
			{name: "Python-3.10.1.tgz", asc: pgpBy(maraKey), bundle: &bundleSpec{by: mara, at: date(2023, 4, 5),
				how: sigstoretest.Signing{Version: "0.2", Algorithm: sigstoretest.P384SHA256, IssuerV1Only: true}}},
		}},
	{"3.10.7", date(2022, 9, 5),
		"The source is well; the installer has a .sig and .crt pair from the time before bundles, which cannot be checked offline.",
		[]demoFile{
			{name: "Python-3.10.7.tgz", asc: pgpBy(maraKey), bundle: likeIn2022(mara)},
			{name: "python-3.10.7-amd64.exe", asc: pgpBy(felix), pair: &mara},
		}},
	{"3.10.9", date(2022, 12, 6),
		"A bundle without checkpoint, as python.org had them until 2024-09-11: old, not forged; get it again.",
		[]demoFile{
			{name: "Python-3.10.9.tgz", asc: pgpBy(maraKey), bundle: &bundleSpec{by: mara,
				how: sigstoretest.Signing{Version: "0.1", Algorithm: sigstoretest.P384SHA256, WithoutCheckpoint: true}}},
		}},

	{"3.11.4", date(2023, 6, 6),
		"The installer's bundle was signed by the release manager of another series.",
		[]demoFile{
			{name: "Python-3.11.4.tgz", asc: pgpBy(maraKey), bundle: likeIn2022(mara)},
			{name: "python-3.11.4-amd64.exe", asc: pgpBy(felix), bundle: likeIn2022(pavel)},
		}},
	{"3.11.9", date(2024, 4, 2),
		"A bad .asc beside a good bundle.",
		[]demoFile{
			{name: "Python-3.11.9.tar.xz", asc: &ascSpec{by: maraKey, over: "Python-3.11.9.tar.xz, as it was before the last minute"}, bundle: sigstoreBy(mara)},
		}},
	{"3.11.10", date(2024, 9, 7),
		"The file was changed after it had been signed: neither method accepts it.",
		[]demoFile{
			{name: "Python-3.11.10.tgz", replaced: true, asc: pgpBy(maraKey), bundle: sigstoreBy(mara)},
		}},
	{"3.11.12", date(2025, 4, 8),
		"The .asc is valid, but by the release manager of another series.",
		[]demoFile{
			{name: "Python-3.11.12.tgz", asc: pgpBy(pavelKey), bundle: sigstoreBy(mara)},
		}},
	{"3.11.13", date(2025, 6, 3),
		"Trouble: an error page saved as .asc, and the .asc of a file that is not there.",
		[]demoFile{
			{name: "Python-3.11.13.tgz", asc: &ascSpec{literal: []byte(errorPage)}, bundle: sigstoreBy(mara)},
		}},
	{"3.11.14", date(2025, 10, 9),
		"Two people may sign this release, but one of them signed with PGP and the other with Sigstore.",
		[]demoFile{
			{name: "Python-3.11.14.tgz", asc: pgpBy(pavelKey), bundle: sigstoreBy(mara)},
		}},

	{"3.12.4", date(2024, 6, 6),
		"All is well: both methods agree on every file. The installer's two signers are two people, as they should be.",
		[]demoFile{
			{name: "Python-3.12.4.tgz", asc: pgpBy(jonasKey), bundle: sigstoreBy(jonas)},
			{name: "Python-3.12.4.tar.xz", asc: pgpBy(jonasKey), bundle: sigstoreBy(jonas)},
			{name: "python-3.12.4-amd64.exe", asc: pgpBy(felix), bundle: sigstoreBy(jonas)},
		}},

	{"3.13.6", date(2025, 8, 6),
		"All is well but for the macOS installer: Nora Quist's key is pinned and not at hand, so her signature cannot be checked.",
		[]demoFile{
			{name: "Python-3.13.6.tgz", asc: pgpBy(jonasKey), bundle: sigstoreBy(jonas)},
			{name: "Python-3.13.6.tar.xz", asc: pgpBy(jonasKey), bundle: sigstoreBy(jonas)},
			{name: "python-3.13.6-amd64.exe", asc: pgpBy(felix), bundle: sigstoreBy(jonas)},
			{name: "python-3.13.6-macos11.pkg", asc: pgpBy(nora), bundle: sigstoreBy(jonas)},
			{name: "windows-3.13.6.json", bundle: sigstoreBy(jonas)},
		}},

	{"3.14.0", date(2025, 10, 7),
		"All is well: from 3.14 on there is no PGP, and none is missed. The Android file's bundle is of the next kind (Rekor v2, RFC 3161 timestamp).",
		[]demoFile{
			{name: "Python-3.14.0.tgz", bundle: sigstoreBy(yuki)},
			{name: "Python-3.14.0.tar.xz", bundle: sigstoreBy(yuki)},
			{name: "python-3.14.0-amd64.exe", bundle: sigstoreBy(yuki)},
			{name: "windows-3.14.0.json", bundle: sigstoreBy(yuki)},
			{name: "python-3.14.0-aarch64-linux-android.tar.gz", bundle: &bundleSpec{by: yuki,
				how: sigstoretest.Signing{Log: sigstoretest.RekorV2, Timestamp: true}}},
		}},

	{"3.15.0", date(2025, 11, 19),
		"Three alphas: a1 has an .asc where PEP 761 says there is none; a2's bundle was made over other bytes; a3 has no bundle.",
		[]demoFile{
			{name: "Python-3.15.0a1.tgz", asc: pgpBy(jonasKey), bundle: sigstoreBy(yuki)},
			{name: "Python-3.15.0a2.tgz", bundle: &bundleSpec{by: yuki, over: "Python-3.15.0a2.tgz, built twice"}},
			{name: "Python-3.15.0a3.tgz"},
		}},
}

// release makes the files of one release.
func (m *maker) release(r demoRelease) {
	for i, f := range r.files {
		name := f.name
		if f.sameAs != "" {
			name = f.sameAs
		}
		data := content(name)
		at := r.date.Add(time.Duration(i) * 10 * time.Minute)
		add := func(suffix string, data []byte) { m.add(path.Join(mirrorDir, r.dir, f.name)+suffix, data) }

		if f.asc != nil {
			add(".asc", m.ascOf(f.asc, data, at))
		}
		if b := f.bundle; b != nil {
			signed, when := data, at.Add(time.Hour)
			if b.over != "" {
				signed = []byte(b.over)
			}
			if !b.at.IsZero() {
				when = b.at
			}
			add(".sigstore", m.bundle(b.by, signed, when, b.how))
		}
		if f.pair != nil {
			sig, crt := m.pair(*f.pair, data, at.Add(time.Hour))
			add(".sig", sig)
			add(".crt", crt)
		}
		if f.replaced {
			data = append(data, "One line was added to it after it had been signed.\n"...)
		}
		add("", data)
	}
	if r.dir == "3.11.13" {
		m.add(path.Join(mirrorDir, r.dir, "Python-3.11.13.tar.xz.asc"), m.asc(m.people.MaraSign, content("Python-3.11.13.tar.xz"), r.date))
	}
}

func (m *maker) ascOf(s *ascSpec, data []byte, at time.Time) []byte {
	switch {
	case s.literal != nil:
		return s.literal
	case s.over != "":
		data = []byte(s.over)
	}
	return m.asc(s.by(m.people), data, at, s.opts...)
}

// readme makes README.md.
func (m *maker) readme() {
	var table bytes.Buffer
	for _, r := range releases {
		fmt.Fprintf(&table, "| %s | %d | %s |\n", r.dir, len(r.files), r.shows)
	}
	var out bytes.Buffer
	if m.ok(readmeText.Execute(&out, table.String())) {
		m.add(dir+"/README.md", out.Bytes())
	}
}

var readmeText = template.Must(template.New("readme").Parse("# The demonstration" + `

A small mirror that is laid out like python.org's, with everything that is
needed to judge it: a roster, public keys, and the trust root of a private
Sigstore. Nothing in it is CPython's. Every artifact is a few lines of text, the
people are invented, and their private keys can be made by anybody from the seed
in the program's source: **trust none of it anywhere else.**

What happened to these releases is modelled on what happened to real ones. The
verifiers are the program's own; they have no lenient mode for demonstrations.

    go run ./cmd/migrate report \
      --roster testdata/demo/roster.yaml --trusted-root testdata/demo/trusted_root.json \
      --keyring testdata/demo/keys testdata/demo/mirror

ends with exit status 2, because some of it cannot be checked. With
` + "`testdata/demo/mirror/3.12.4`" + ` or ` + "`testdata/demo/mirror/3.14.0`" + ` as its source, in which all is
well, it ends with 0; with ` + "`testdata/demo/mirror/3.11.9`" + ` with 1.

## The people

| Person | Signs with PGP | Signs with Sigstore |
|---|---|---|
| Ines Okafor | sources of 2.7: an RSA-1024 key of 2006, from 2.7.9 on one that expired in 2021 | |
| Pavel Lindqvist | sources of 3.9: a key whose only copy here was refreshed in 2024 | 3.9: pavel@demo.example |
| Mara Castellano | sources of 3.10 and 3.11, with a subkey | 3.10, 3.11: mara@demo.example |
| Jonas Wren | sources of 3.12 and 3.13: a key in two copies, one of them expired | 3.12, 3.13: jonas@demo.example |
| Yuki Hartmann | nothing (PEP 761) | 3.14, 3.15: yuki@demo.example |
| Felix Duarte | Windows files of every series | |
| Nora Quist | macOS files; her key is pinned in the roster and deliberately not in ` + "`keys/`" + ` | |
| Quentin Vale | 3.8, which the mirror does not have: keys with something wrong, for ` + "`../vectors`" + ` | 3.8: quentin@demo.example |

## The releases

| Release | Artifacts | What it shows |
|---|---|---|
{{.}}
## The vectors

` + "`../vectors`" + ` holds one folder for each thing that can be wrong or unusual: an
artifact, its sidecars, and an ` + "`expect.txt`" + ` that says in its first line what was
done, and then, in words from closed lists, what has to come out. All of them
stand on this folder's roster, keys and trust root.

## Making it again

    go run ./internal/demo/generate testdata

writes this folder and ` + "`testdata/vectors`" + ` anew, byte for byte the same; only
RFC 3161 timestamps hold random numbers, and files that differ in nothing else are
left alone. A test asserts that what is here is what the program makes.
`))
