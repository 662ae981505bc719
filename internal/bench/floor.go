package main

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// floor does the least that any program has to do for one of the rows.
func floor(what string, args []string) error {
	switch {
	case what == "hash" && len(args) == 1:
		return hashAll(args[0])
	case what == "sigstore" && len(args) == 2:
		return verifyAll(args[0], args[1])
	}
	return fmt.Errorf("no such floor: %s", what)
}

// onEveryCore runs f on each of a list, on as many goroutines as there are cores.
func onEveryCore[T any](list []T, f func(T) error) error {
	next := make(chan T)
	errs := make(chan error, len(list))
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for v := range next {
				errs <- f(v)
			}
		})
	}
	for _, v := range list {
		next <- v
	}
	close(next)
	workers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// hashAll reads each artifact once, into the two hashes that its signatures are
// over.
func hashAll(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.tar.xz"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no artifact in %s: %v", dir, err)
	}
	return onEveryCore(files, func(file string) error {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		w := io.MultiWriter(sha256.New(), sha512.New())
		_, err = io.CopyBuffer(w, struct{ io.Reader }{f}, make([]byte, 256<<10))
		return err
	})
}

// signed is a bundle of the tracker data, with the digest it is for.
type signed struct {
	bundle json.RawMessage
	digest string
}

// verifyAll verifies every bundle of the tracker data with the library alone.
func verifyAll(dir, trustedRoot string) error {
	trusted, err := root.NewTrustedRootFromPath(trustedRoot)
	if err != nil {
		return err
	}
	verifier, err := verify.NewVerifier(trusted, verify.WithSignedCertificateTimestamps(1),
		verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	if err != nil {
		return err
	}
	var all []signed
	err = filepath.WalkDir(filepath.Join(dir, "versions"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var rows []struct {
			SHA256 string `json:"sha256"`
			Raw    struct {
				Sigstore json.RawMessage `json:"sigstore"`
			} `json:"raw"`
		}
		if err := json.Unmarshal(data, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			if len(r.Raw.Sigstore) > len("null") {
				all = append(all, signed{r.Raw.Sigstore, r.SHA256})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("no bundle in %s", dir)
	}
	return onEveryCore(all, func(s signed) error {
		b := new(bundle.Bundle)
		if err := b.UnmarshalJSON(s.bundle); err != nil {
			return err
		}
		digest, err := hex.DecodeString(s.digest)
		if err != nil {
			return err
		}
		_, err = verifier.Verify(b, verify.NewPolicy(verify.WithArtifactDigest("sha256", digest), verify.WithoutIdentitiesUnsafe()))
		return err
	})
}
