package keyrings

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"migrate/pgp"
)

//go:embed keys/*.asc
var shippedKeys embed.FS

// maxKeyFileSize bounds a key file, in bytes. The largest of a release
// manager, with two decades of other people's signatures, has 320 KB.
const maxKeyFileSize = 4 << 20

// keyFileNames are the endings of the files that are read from a directory.
var keyFileNames = []string{".asc", ".gpg", ".pgp", ".key"}

// KeyFile is a file of public keys, armored or binary, not yet looked at.
type KeyFile struct {
	Source string // path, or "shipped:NAME"
	Data   []byte
}

// Problem is something about a key file that people should know, and that
// keeps no other key from being used.
type Problem struct {
	Source  string // the KeyFile's, or the path
	Message string // one line, lower case
}

// Shipped returns the key files that are built into the program.
func Shipped() ([]KeyFile, error) {
	entries, err := shippedKeys.ReadDir("keys")
	if err != nil {
		return nil, err
	}
	var files []KeyFile
	for _, e := range entries {
		data, err := shippedKeys.ReadFile("keys/" + e.Name())
		if err != nil {
			return nil, err
		}
		files = append(files, KeyFile{"shipped:" + e.Name(), data})
	}
	return files, nil
}

// ReadKeyFiles reads key files: those that are named, and of directories those
// directly inside whose names end in .asc, .gpg, .pgp or .key, by name. What
// cannot be read is a Problem, and so is a directory without a key file.
func ReadKeyFiles(paths []string) ([]KeyFile, []Problem) {
	var files []KeyFile
	var problems []Problem
	problem := func(path, message string) { problems = append(problems, Problem{path, message}) }
	read := func(path string) {
		data, err := readKeyFile(path)
		if err != nil {
			problem(path, reason(err))
			return
		}
		files = append(files, KeyFile{path, data})
	}

	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			problem(path, reason(err))
			continue
		}
		if !info.IsDir() {
			read(path)
			continue
		}
		entries, err := os.ReadDir(path) // sorted by name
		if err != nil {
			problem(path, reason(err))
			continue
		}
		found := false
		for _, e := range entries {
			if !e.IsDir() && slices.Contains(keyFileNames, strings.ToLower(filepath.Ext(e.Name()))) {
				found = true
				read(filepath.Join(path, e.Name()))
			}
		}
		if !found {
			problem(path, "there is no key file in this directory; they end in "+strings.Join(keyFileNames, ", "))
		}
	}
	return files, problems
}

// readKeyFile reads one regular file: opening a pipe could wait for ever.
func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("this is not a regular file; write the keys to one")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxKeyFileSize {
		return nil, fmt.Errorf("this file has more than %d MiB; export only the release managers' keys", maxKeyFileSize>>20)
	}
	return data, nil
}

// reason is an error without the path, which its Problem has already.
func reason(err error) string {
	if pathErr := (*os.PathError)(nil); errors.As(err, &pathErr) {
		return fmt.Sprintf("cannot %s: %v", pathErr.Op, pathErr.Err)
	}
	return err.Error()
}

// Keyring returns the pinned keys among those of the files, every copy of a
// key merged into one. A key whose full fingerprint the roster does not pin is
// never in it, whatever name it bears: it is a Problem that says so, as is what
// could not be read.
func (r *Roster) Keyring(files []KeyFile) (*pgp.Keyring, []Problem) {
	everything := pgp.NewKeyring()
	pinned := func(f pgp.Fingerprint) bool { _, ok := r.Key(f); return ok }

	type result struct {
		added   []pgp.Fingerprint
		skipped []pgp.Skipped
		err     error
	}
	results := make([]result, len(files))
	for i, f := range files {
		results[i].added, results[i].skipped, results[i].err = everything.Add(f.Source, f.Data)
	}
	// What was skipped may have been made whole by a later file: a copy without
	// user ID, a revocation that came before its key.
	for i, f := range files {
		if results[i].skipped != nil {
			results[i].added, results[i].skipped, results[i].err = everything.Add(f.Source, f.Data)
		}
	}
	certificates := make(map[pgp.Fingerprint]pgp.Certificate)
	for _, c := range everything.Certificates() {
		certificates[c.Fingerprint] = c
	}

	var problems []Problem
	for i, f := range files {
		problem := func(format string, args ...any) {
			problems = append(problems, Problem{f.Source, fmt.Sprintf(format, args...)})
		}
		if err := results[i].err; err != nil {
			problem("%s", strings.TrimPrefix(err.Error(), f.Source+": "))
		}
		for _, s := range results[i].skipped {
			switch _, readable := certificates[s.Fingerprint]; {
			case s.Fingerprint == "":
				problem("a part of this file could not be used: %s", s.Reason)
			case !readable:
				problem("key %s could not be read: %s", s.Fingerprint, s.Reason)
			case pinned(s.Fingerprint): // a stranger's is ignored as a whole
				problem("a part of key %s could not be used: %s", s.Fingerprint, s.Reason)
			}
		}
		strangers := 0
		for _, fpr := range results[i].added {
			if pinned(fpr) {
				continue
			}
			if p, ok := r.named(certificates[fpr].UserIDs); ok {
				problem("key %s was ignored: it names %s, but is none of the keys the roster pins for them (%s)",
					fpr, p.Name, r.fingerprints(p))
			} else {
				strangers++
			}
		}
		switch {
		case strangers == 1:
			problem("one key was ignored: the roster does not pin it")
		case strangers > 1:
			problem("%d keys were ignored: the roster does not pin them", strangers)
		}
	}
	return everything.Select(pinned), problems
}

// named returns the person whose name one of the user IDs bears, which proves
// nothing about the key.
func (r *Roster) named(userIDs []string) (Person, bool) {
	for _, p := range r.People() {
		for _, uid := range userIDs {
			if strings.Contains(strings.ToLower(uid), strings.ToLower(p.Name)) {
				return p, true
			}
		}
	}
	return Person{}, false
}

// fingerprints lists a person's pinned keys.
func (r *Roster) fingerprints(p Person) string {
	var list []string
	for _, k := range r.keys {
		if k.Person == p.ID {
			list = append(list, string(k.Fingerprint))
		}
	}
	if list == nil {
		return "there is none"
	}
	return strings.Join(list, ", ")
}

// Hint returns how to get a key, on one line that ends with a command: to have
// this program fetch it, or, for a machine without network, [GPGHint].
func Hint(f pgp.Fingerprint) string {
	return "migrate keyrings update, or for a machine without network: " + GPGHint(f)
}

// GPGHint returns the shell command that gets a key and writes it to a file, and
// the flag that has the file read. The key server is one that keeps user IDs:
// gpg takes no key without one.
func GPGHint(f pgp.Fingerprint) string {
	return fmt.Sprintf("gpg --keyserver hkps://keyserver.ubuntu.com --recv-keys %[1]s && gpg --armor --export %[1]s > %[1]s.asc  # then: --keyring %[1]s.asc", f)
}
