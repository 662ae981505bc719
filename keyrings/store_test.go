package keyrings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"migrate/pgp"
)

const origin = "https://keys.openpgp.org/vks/v1/by-fingerprint/X"

// names lists a folder.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

func extracted(o owner, packets []byte) pgp.Extracted {
	return pgp.Extracted{Fingerprint: o.fingerprint(), Packets: packets}
}

func TestStore(t *testing.T) {
	parent := t.TempDir()
	store := Store{filepath.Join(parent, "migrate", "keys")}
	ann := newOwner(t)
	old, refreshed := extracted(ann, ann.copy(2018)), extracted(ann, ann.copy(2022))

	file, added, err := store.Add(old, origin, june(2023))
	if err != nil || !added {
		t.Fatal(added, err)
	}
	digest := sum(old.Packets)
	if want := filepath.Join(store.Dir, fmt.Sprintf("%s-%x.asc", ann.fingerprint(), digest[:8])); file != want {
		t.Errorf("file %s, want %s", file, want)
	}
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	// The same copy from elsewhere, later: what is there stays as it is.
	again, added, err := store.Add(old, "https://keyserver.example/", june(2024))
	if err != nil || added || again != file {
		t.Errorf("%s, added %v, error %v", again, added, err)
	}
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, first) {
		t.Errorf("the file was written again: %v", err)
	}

	// Another copy of the same key lies beside it.
	if other, added, err := store.Add(refreshed, origin, june(2024)); err != nil || !added || other == file {
		t.Errorf("%s, added %v, error %v", other, added, err)
	}
	files, problems := ReadKeyFiles([]string{store.Dir})
	if len(files) != 2 || problems != nil {
		t.Fatalf("%d files, problems %v", len(files), problems)
	}
	years := map[string]int{}
	for _, f := range files {
		at, from, ok := f.Fetched()
		if !ok || from != origin {
			t.Errorf("%s: fetched %v from %q", f.Source, at, from)
		}
		years[f.Source] = at.Year()
	}
	if years[file] != 2023 || len(years) != 2 {
		t.Errorf("fetched %v", years)
	}
	if all := entries(t, filepath.Dir(store.Dir)); len(all) != 1 {
		t.Errorf("beside the folder: %q", all)
	}
}

// TestFetchedElsewhere: what Store did not write has no date.
func TestFetchedElsewhere(t *testing.T) {
	for _, text := range []string{
		"", "Comment: fetched yesterday from x\n", "Comment: fetched 2026-01-02T03:04:05Z\n", "Version: GnuPG\n",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nComment: fetched 2026-01-02T03:04:05Z from x\n",
	} {
		if at, from, ok := (KeyFile{"x", []byte(text)}).Fetched(); ok {
			t.Errorf("%q: %v from %q", text, at, from)
		}
	}
}

// TestStoreDamaged: a file that is not what its name says is not taken for the
// copy, and is left to people.
func TestStoreDamaged(t *testing.T) {
	store := Store{filepath.Join(t.TempDir(), "keys")}
	ann := newOwner(t)
	x := extracted(ann, ann.copy(2018))
	file, _, err := store.Add(x, origin, june(2023))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"empty": nil, "cut": whole[:len(whole)/2], "another copy": block(t, ann.copy(2022))} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, added, err := store.Add(x, origin, june(2023))
		if added || err == nil || !strings.Contains(err.Error(), "this file is damaged: remove it") {
			t.Errorf("%s: added %v, error %v", name, added, err)
		}
		if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, data) {
			t.Errorf("%s: the file was changed: %v", name, err)
		}
	}
}

// TestStoreNoRoom: where the copy cannot be kept there is an error that says
// so, and no part of it.
func TestStoreNoRoom(t *testing.T) {
	ann := newOwner(t)
	x := extracted(ann, ann.copy(2018))
	parent := t.TempDir()
	inTheWay := filepath.Join(parent, "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	readOnly := filepath.Join(parent, "read-only")
	if err := os.Mkdir(readOnly, 0o500); err != nil {
		t.Fatal(err)
	}
	for dir, part := range map[string]string{
		filepath.Join(inTheWay, "keys"): "not a directory",
		filepath.Join(readOnly, "keys"): "permission denied",
	} {
		if strings.HasPrefix(dir, readOnly) && os.Geteuid() == 0 {
			continue // nothing is read-only for root
		}
		_, added, err := Store{dir}.Add(x, origin, june(2023))
		if added || err == nil || !strings.HasPrefix(err.Error(), "key cache: ") || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: added %v, error %v", dir, added, err)
		}
	}
	if all := entries(t, parent); len(all) != 2 {
		t.Errorf("left behind: %q", all)
	}
	if all := entries(t, readOnly); len(all) != 0 {
		t.Errorf("left behind: %q", all)
	}
}

// TestStoreAtOnce: many writers of the same copies to one folder.
func TestStoreAtOnce(t *testing.T) {
	store := Store{filepath.Join(t.TempDir(), "migrate", "keys")}
	ann := newOwner(t)
	var copies []pgp.Extracted
	for year := 2018; year < 2023; year++ {
		copies = append(copies, extracted(ann, ann.copy(year)))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	added := map[string]int{}
	for range 8 {
		wg.Go(func() {
			for _, x := range copies {
				file, isNew, err := store.Add(x, origin, june(2024))
				if err != nil {
					t.Error(err)
				}
				if isNew {
					mu.Lock()
					added[file]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if len(added) != len(copies) {
		t.Errorf("%d new files, want %d", len(added), len(copies))
	}
	for file, n := range added {
		if n != 1 {
			t.Errorf("%s was new %d times", file, n)
		}
	}
	checkStore(t, store, len(copies))
}

// checkStore: there are whole files only, with so many copies.
func checkStore(t *testing.T, store Store, copies int) {
	t.Helper()
	files, problems := ReadKeyFiles([]string{store.Dir})
	if len(files) != copies || len(entries(t, store.Dir)) != copies || problems != nil {
		t.Errorf("%d files, %q in the folder, problems %v", len(files), entries(t, store.Dir), problems)
	}
	for _, f := range files {
		if added, skipped, err := pgp.NewKeyring().Add(f.Source, f.Data); err != nil || len(added) != 1 || skipped != nil {
			t.Errorf("%s: %d keys, skipped %v, error %v", f.Source, len(added), skipped, err)
		}
	}
}

// The test binary is a program that writes to a store, for the tests that kill
// it, where the environment names the store and a folder with copies.
const (
	storeEnv  = "MIGRATE_TEST_STORE"
	copiesEnv = "MIGRATE_TEST_COPIES"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(storeEnv); dir != "" {
		fmt.Println("ERROR", writeAll(Store{dir}, os.Getenv(copiesEnv)))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeAll adds every copy of a folder, each named after its key.
func writeAll(store Store, folder string) error {
	if err := limitFiles(); err != nil {
		return err
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return err
		}
		fingerprint, _, _ := strings.Cut(f.Name(), "-")
		if _, _, err := store.Add(pgp.Extracted{Fingerprint: pgp.Fingerprint(fingerprint), Packets: data}, origin, june(2024)); err != nil {
			return err
		}
	}
	return nil
}

// writer is that program, which will write 200 copies.
func writer(t *testing.T, dir string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	copies := t.TempDir()
	ann := newOwner(t)
	for i := range 200 {
		data := slices.Concat(ann.copy(2018), ann.copy(2018+i%50)) // signatures are never the same
		if err := os.WriteFile(filepath.Join(copies, fmt.Sprintf("%s-%d", ann.fingerprint(), i)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), append(env, storeEnv+"="+dir, copiesEnv+"="+copies)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	return cmd, &out
}

// TestStoreKilled kills writers in the middle of their work, two at a time:
// whatever the moment, what is in the folder is whole.
func TestStoreKilled(t *testing.T) {
	store := Store{filepath.Join(t.TempDir(), "migrate", "keys")}
	for range 4 {
		before := len(entries(t, store.Dir))
		var running []*exec.Cmd
		for range 2 {
			cmd, _ := writer(t, store.Dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		for tries := 0; len(entries(t, store.Dir)) < before+5; tries++ {
			if tries > 60_000 {
				t.Fatal("the writers write nothing")
			}
			time.Sleep(time.Millisecond)
		}
		for _, cmd := range running {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			cmd.Wait()
		}
		checkStore(t, store, len(entries(t, store.Dir)))
	}
}
