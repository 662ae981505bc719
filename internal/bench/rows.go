package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"io"
)

// rows are measured from top to bottom.
var rows = []row{
	{"start-up (--version)", "under 30 ms", startUp},
	{"one artifact, beside gpgv + cosign", "at most 0.40", func(b *bench) (string, bool, error) {
		return b.oneArtifact(0.40, b.withCosign)
	}},
	{"one artifact, beside gpgv + sigstore-go", "", func(b *bench) (string, bool, error) {
		return b.oneArtifact(1, b.withSigstoreGo)
	}},
	{"40 artifacts, beside a loop of gpgv + cosign", "at most 0.20", func(b *bench) (string, bool, error) {
		return b.manyArtifacts(0.20, b.withCosign)
	}},
	{"40 artifacts, beside a loop of gpgv + sigstore-go", "", func(b *bench) (string, bool, error) {
		return b.manyArtifacts(1, b.withSigstoreGo)
	}},
	{"40 artifacts, beside SHA-256 + SHA-512 on every core", "at most 1.10", manyBesideFloor},
	{"all bundles of the tracker data, beside sigstore-go alone on every core", "at most 1.10", bundlesBesideLibrary},
	{"memory, one artifact of 2 GiB", "under 100 MiB", memoryOfOne},
	{"memory, 100,000 artifacts, --format jsonl", "under 100 MiB", memoryOfMany},
	{"each format, 100,000 artifacts, beside 50,000", "at most 2.50, under 1 GiB", rendering},
}

func startUp(b *bench) (string, bool, error) {
	var took []usage
	var times []time.Duration
	for range 4 * b.runs {
		u, err := b.time(migrate(b, 0, "--version"))
		if err != nil {
			return "", false, err
		}
		took, times = append(took, u), append(times, u.wall)
	}
	return wall(took), median(times) < 30*time.Millisecond, nil
}

// The release that every row on artifacts is about.
const (
	artifact = "Python-3.13.5.tar.xz"
	identity = "thomas@python.org"
	issuer   = "https://accounts.google.com"
)

func (b *bench) artifact() string { return filepath.Join(b.corpus, "mirror", "3.13.5", artifact) }

// keyring returns the signer's key as gpgv wants it: not armored.
func (b *bench) keyring() (string, error) {
	data, err := os.ReadFile(filepath.Join(b.corpus, "keys", "thomas-wouters.asc"))
	if err != nil {
		return "", err
	}
	block, err := armor.Decode(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	if data, err = io.ReadAll(block.Body); err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, "keyring.gpg")
	return file, os.WriteFile(file, data, 0o666)
}

// peers is a line of shell that verifies the file $f both ways.
type peers func() (string, error)

func (b *bench) withCosign() (string, error) {
	cosign, err := peer("cosign")
	if err != nil {
		return "", err
	}
	return b.withGpgv(fmt.Sprintf(`%s verify-blob --bundle "$f.sigstore" --trusted-root %s --certificate-identity %s --certificate-oidc-issuer %s "$f"`,
		cosign, b.trustedRoot(), identity, issuer))
}

func (b *bench) withSigstoreGo() (string, error) {
	verify, err := peer("sigstore-go-verification")
	if err != nil {
		return "", err
	}
	return b.withGpgv(fmt.Sprintf(`%s -artifact "$f" -expectedIssuer %s -expectedSAN %s -trustedrootJSONpath %s "$f.sigstore"`,
		verify, issuer, identity, b.trustedRoot()))
}

func (b *bench) withGpgv(sigstore string) (string, error) {
	gpgv, err := peer("gpgv")
	if err != nil {
		return "", err
	}
	keyring, err := b.keyring()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`%s --keyring %s "$f.asc" "$f" && %s`, gpgv, keyring, sigstore), nil
}

func (b *bench) trustedRoot() string { return filepath.Join(b.corpus, "trust", "trusted_root.json") }

func (b *bench) oneArtifact(limit float64, with peers) (string, bool, error) {
	line, err := with()
	if err != nil {
		return "", false, err
	}
	theirs := command{args: []string{"sh", "-ec", fmt.Sprintf("f='%s'; %s", b.artifact(), line)}}
	ratios, ours, others, err := b.ratio(migrate(b, 0, "verify", b.artifact()), theirs)
	if err != nil {
		return "", false, err
	}
	result, ok := within(ratios, ours, others, limit)
	return result, ok, nil
}

// many is a mirror with 40 releases of the same bytes.
func (b *bench) many() (string, error) {
	mirror := filepath.Join(b.dir, "mirror")
	if _, err := os.Stat(mirror); err == nil {
		return mirror, nil
	}
	copied := filepath.Join(b.dir, artifact)
	for _, suffix := range []string{"", ".asc", ".sigstore"} {
		data, err := os.ReadFile(b.artifact() + suffix)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(copied+suffix, data, 0o666); err != nil {
			return "", err
		}
	}
	for i := range 40 {
		version := fmt.Sprintf("3.13.%d", i)
		if err := os.MkdirAll(filepath.Join(mirror, version), 0o777); err != nil {
			return "", err
		}
		for _, suffix := range []string{"", ".asc", ".sigstore"} {
			name := filepath.Join(mirror, version, "Python-"+version+".tar.xz")
			if err := os.Link(copied+suffix, name+suffix); err != nil {
				return "", err
			}
		}
	}
	return mirror, nil
}

func (b *bench) manyArtifacts(limit float64, with peers) (string, bool, error) {
	line, err := with()
	if err != nil {
		return "", false, err
	}
	mirror, err := b.many()
	if err != nil {
		return "", false, err
	}
	loop := command{args: []string{"sh", "-ec", fmt.Sprintf(`for f in '%s'/*/Python-*.tar.xz; do %s; done`, mirror, line)}}
	ratios, ours, theirs, err := b.ratio(migrate(b, 0, "report", mirror), loop)
	if err != nil {
		return "", false, err
	}
	result, ok := within(ratios, ours, theirs, limit)
	return result, ok, nil
}

func manyBesideFloor(b *bench) (string, bool, error) {
	mirror, err := b.many()
	if err != nil {
		return "", false, err
	}
	ratios, ours, theirs, err := b.ratio(migrate(b, 0, "report", mirror), command{args: []string{b.self, "floor", "hash", mirror}})
	if err != nil {
		return "", false, err
	}
	result, ok := within(ratios, ours, theirs, 1.10)
	return result, ok, nil
}

func bundlesBesideLibrary(b *bench) (string, bool, error) {
	tracker := filepath.Join(b.corpus, "tracker")
	// PGP is due where there are no bytes to check it with: status 2.
	ratios, ours, theirs, err := b.ratio(migrate(b, 2, "report", "--format", "jsonl", tracker),
		command{args: []string{b.self, "floor", "sigstore", tracker, b.trustedRoot()}})
	if err != nil {
		return "", false, err
	}
	result, ok := within(ratios, ours, theirs, 1.10)
	return result, ok, nil
}

func memoryOfOne(b *bench) (string, bool, error) {
	dir := filepath.Join(b.dir, "large", "3.13.5")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", false, err
	}
	file := filepath.Join(dir, artifact)
	f, err := os.Create(file)
	if err != nil {
		return "", false, err
	}
	if err := f.Truncate(2 << 30); err != nil { // a hole, which reads as zeros
		return "", false, err
	}
	f.Close()
	for _, suffix := range []string{".asc", ".sigstore"} {
		data, err := os.ReadFile(b.artifact() + suffix)
		if err != nil {
			return "", false, err
		}
		if err := os.WriteFile(file+suffix, data, 0o666); err != nil {
			return "", false, err
		}
	}
	u, err := b.time(migrate(b, 1, "report", dir)) // neither signature is for zeros
	if err != nil {
		return "", false, err
	}
	return mib(u.rss), u.rss < 100<<20, nil
}

// small makes a mirror of n artifacts of a few bytes, each with something in
// place of its signatures.
func (b *bench) small(n int) (string, error) {
	mirror := filepath.Join(b.dir, fmt.Sprintf("small-%d", n))
	if _, err := os.Stat(mirror); err == nil {
		return mirror, nil
	}
	for i := range n / 2 {
		version := fmt.Sprintf("3.%d.%d", 8+i/1000, i%1000)
		dir := filepath.Join(mirror, version)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return "", err
		}
		for _, ext := range []string{".tgz", ".tar.xz"} {
			if err := os.WriteFile(filepath.Join(dir, "Python-"+version+ext), []byte(version+ext), 0o666); err != nil {
				return "", err
			}
		}
	}
	return mirror, nil
}

const many = 100_000

func memoryOfMany(b *bench) (string, bool, error) {
	mirror, err := b.small(many)
	if err != nil {
		return "", false, err
	}
	u, err := b.time(migrate(b, 1, "report", "--format", "jsonl", "-o", filepath.Join(b.dir, "many.jsonl"), mirror))
	if err != nil {
		return "", false, err
	}
	return fmt.Sprintf("%s, %s", mib(u.rss), u.wall.Round(100*time.Millisecond)), u.rss < 100<<20, nil
}

func rendering(b *bench) (string, bool, error) {
	files := map[int]string{}
	for _, n := range []int{many / 2, many} {
		mirror, err := b.small(n)
		if err != nil {
			return "", false, err
		}
		files[n] = filepath.Join(b.dir, fmt.Sprintf("saved-%d.json", n))
		if _, err := b.time(migrate(b, 1, "report", "--format", "json", "-o", files[n], mirror)); err != nil {
			return "", false, err
		}
	}
	var results []string
	all := true
	for _, format := range []string{"table", "markdown", "html", "json", "jsonl", "csv", "junit", "sarif"} {
		command := func(n int) command {
			return migrate(b, 1, "report", files[n], "--format", format, "-o", filepath.Join(b.dir, "rendered"))
		}
		ratios, ours, _, err := b.ratio(command(many), command(many/2))
		if err != nil {
			return "", false, err
		}
		var rss int64
		for _, u := range ours {
			rss = max(rss, u.rss)
		}
		all = all && median(ratios) <= 2.5 && rss < 1<<30
		results = append(results, fmt.Sprintf("%s %.2f, %s, %s", format, median(ratios), wall(ours), mib(rss)))
	}
	return strings.Join(results, "\n"), all, nil
}
