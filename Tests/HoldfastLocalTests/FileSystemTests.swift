import Foundation
import Testing

@testable import HoldfastLocal

@Suite("The machine's file system")
struct FileSystemTests {
    let folder: TemporaryFolder
    let files = LocalFileSystem()

    init() throws { folder = try TemporaryFolder() }

    @Test("bytes are read where they were written, fewer only at the end")
    func content() throws {
        let file = try files.open(folder.path("file"), .createNew)
        try file.write(Array("hello world".utf8), at: 0)
        try file.write(Array("W".utf8), at: 6)
        try file.syncContent()
        #expect(try file.read(100, at: 6) == Array("World".utf8))
        #expect(try file.read(5, at: 20) == [])
        try file.setSize(5)
        try file.sync()
        #expect(try file.read(100, at: 0) == Array("hello".utf8))
        #expect(try file.status().size == 5)
        #expect(try mode(of: file.path) == 0o600)
    }

    @Test("modes of opening: what has to be there, what must not be, links refused")
    func modes() throws {
        let path = folder.path("file")
        for mode in [OpenMode.readOnly, .readWrite] {
            #expect(#expect(throws: SystemCallError.self) { try files.open(path, mode) }?.code == ENOENT)
        }
        _ = try files.open(path, .create)
        #expect(#expect(throws: SystemCallError.self) { try files.open(path, .createNew) }?.code == EEXIST)
        try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: path)
        #expect(#expect(throws: SystemCallError.self) { try files.open(folder.path("link"), .readOnly) }?.code == ELOOP)
    }

    @Test("names are made, moved and taken away; an open file outlives its name")
    func names() throws {
        try files.makeFolder(folder.path("a/b"))
        #expect(try mode(of: folder.path("a/b")) == 0o700)
        let file = try files.open(folder.path("a/b/one"), .createNew)
        try file.write([1], at: 0)
        try files.move(folder.path("a/b/one"), to: folder.path("a/b/two"))
        #expect(try files.names(in: folder.path("a/b")) == ["two"])
        #expect(#expect(throws: SystemCallError.self) { try files.removeFolder(folder.path("a/b")) }?.code == ENOTEMPTY)
        #expect(try files.remove(folder.path("a/b/two")))
        #expect(try !files.remove(folder.path("a/b/two")))
        #expect(try file.read(1, at: 0) == [1])
        let open = try files.open(folder: folder.path("a"))
        #expect(try files.removeFolder(folder.path("a/b")))
        #expect(try !files.removeFolder(folder.path("a/b")))
        try open.sync()
        try open.syncFileSystem()
    }

    @Test("a lock excludes every other open file until it ends")
    func locks() throws {
        let (one, other) = (
            try files.open(folder.path("lock"), .create), try files.open(folder.path("lock"), .create)
        )
        #expect(try one.tryLock(.exclusive))
        #expect(try !other.tryLock(.shared))
        try one.unlock()
        #expect(try other.tryLock(.shared))
        #expect(try one.tryLock(.shared))
    }

    @Test("shared words begin as zero and are seen through every mapping")
    func sharedWords() throws {
        let one = try files.sharedWords(folder.path("words"), count: 4)
        let other = try files.sharedWords(folder.path("words"), count: 4)
        #expect((0..<4).map { one.load($0) } == [0, 0, 0, 0])
        one.store(.max, at: 3)
        #expect(other.load(3) == .max)
        #expect(try files.sharedWords(folder.path("words"), count: 4).load(3) == .max)
    }

    @Test("network file systems are known by their type, and this folder's is none")
    func networks() throws {
        #expect(try files.networkKind(of: folder.path) == nil)
        let mounts = """
            36 35 8:1 / / rw,noatime shared:1 - ext4 /dev/sda1 rw
            98 36 0:52 / /mnt/team rw shared:7 master:1 - nfs4 server:/team rw,vers=4.2
            99 36 0:53 / /mnt/home rw - fuse.sshfs me@host: rw
            """
        #expect(MountedFileSystem.type(ofDevice: 0x801, in: mounts) == "ext4")
        #expect(MountedFileSystem.type(ofDevice: 52, in: mounts) == "nfs4")
        #expect(MountedFileSystem.type(ofDevice: 53, in: mounts) == "fuse.sshfs")
        #expect(MountedFileSystem.type(ofDevice: 54, in: mounts) == nil)
        #expect(MountedFileSystem.networkKind(ofType: "nfs4") == "NFS")
        #expect(MountedFileSystem.networkKind(ofType: "fuse.sshfs") == "fuse.sshfs")
        for local in ["ext4", "btrfs", "xfs", "tmpfs", "overlay", "fuse.ntfs-3g", "fuseblk", "virtiofs"] {
            #expect(MountedFileSystem.networkKind(ofType: local) == nil)
        }
    }

    @Test("syncfs is relied on where the kernel tells of what failed, on file systems that pass it on")
    func wholeSync() throws {
        for release in ["5.17.0", "6.18.44-fc-v595", "7.0-rc1"] {
            #expect(MountedFileSystem.reportsFailedWrites(kernel: release))
        }
        for release in ["5.16.20", "4.19.0-27-amd64", "", "linux"] {
            #expect(!MountedFileSystem.reportsFailedWrites(kernel: release))
        }
        for type in ["overlay", "fuse.gocryptfs", "virtiofs", "nfs4", "tmpfs", "ext2"] {
            #expect(!MountedFileSystem.syncsWhole.contains(type))
        }
        _ = try files.canSyncWhole(folder.path)
        #expect(try !files.canSyncWhole("/proc"))
    }
}
