package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What a case's signer is called if it does not say.
const (
	defaultIdentity = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
	defaultIssuer   = "https://token.actions.githubusercontent.com"
)

// bothPolicies is the one case that the suite tells by its name to be asked
// with a key and an identity at once, which must be refused.
const bothPolicies = "managed-key-and-client-identity_fail"

// A testCase is one folder of the suite. The paths are empty where there is no
// such file.
type testCase struct {
	name             string
	bundle, artifact string
	identity, issuer string
	key, trustedRoot string
}

// refused reports whether the case must not verify.
func (c testCase) refused() bool { return strings.HasSuffix(c.name, "_fail") }

// args returns what to ask migrate: about the artifact, or about its digest.
func (c testCase) args(byDigest bool) ([]string, error) {
	args := []string{"verify", "--format", "json", "--bundle", c.bundle}
	if c.key != "" {
		args = append(args, "--key", c.key)
	}
	if c.key == "" || c.name == bothPolicies {
		args = append(args, "--certificate-identity", c.identity, "--certificate-oidc-issuer", c.issuer)
	}
	if c.trustedRoot != "" {
		args = append(args, "--trusted-root", c.trustedRoot)
	}
	if !byDigest {
		return append(args, "--", c.artifact), nil
	}
	data, err := os.ReadFile(c.artifact)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	return append(args, "sha256:"+hex.EncodeToString(digest[:])), nil
}

// cases lists the suite's cases by name. The folder is the suite's, or the one
// in it that holds the cases.
func cases(dir string) ([]testCase, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if inner := filepath.Join(dir, "test", "assets", "bundle-verify"); isDir(inner) {
		dir = inner
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []testCase
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		c, err := readCase(dir, e.Name())
		if err != nil {
			return nil, fmt.Errorf("case %s: %w", e.Name(), err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no cases: want a folder for each, as in sigstore-conformance's test/assets/bundle-verify", dir)
	}
	return all, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// readCase reads one case's folder, as test/assets/bundle-verify/README.md of
// the suite describes it. What else lies in it is left alone.
func readCase(dir, name string) (testCase, error) {
	c := testCase{name: name, identity: defaultIdentity, issuer: defaultIssuer}
	folder := filepath.Join(dir, name)
	for file, path := range map[string]*string{
		"bundle.sigstore.json": &c.bundle, "artifact": &c.artifact, "key.pub": &c.key, "trusted_root.json": &c.trustedRoot,
	} {
		found, err := exists(filepath.Join(folder, file))
		if err != nil {
			return c, err
		}
		if found {
			*path = filepath.Join(folder, file)
		}
	}
	for file, text := range map[string]*string{"identity": &c.identity, "issuer": &c.issuer} {
		data, err := os.ReadFile(filepath.Join(folder, file))
		switch {
		case err == nil:
			*text = strings.TrimSpace(string(data))
		case !errors.Is(err, fs.ErrNotExist):
			return c, err
		}
	}
	if c.bundle == "" {
		return c, errors.New("no bundle.sigstore.json")
	}
	if c.artifact == "" {
		c.artifact = filepath.Join(dir, "a.txt")
		if found, err := exists(c.artifact); err != nil || !found {
			return c, errors.Join(errors.New("no artifact, nor an a.txt beside the cases"), err)
		}
	}
	return c, nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
