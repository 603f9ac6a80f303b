package import Holdfast

/// Everything that stores ask of a file system: the seam at which tests put a simulated disk in its place, which records each
/// call, fails it, or cuts the power behind it.
///
/// What a power cut may leave, and so what a simulated one has to offer:
/// - of a file's content: what was there when `sync` or `syncContent` last returned, plus any part of what was written since;
/// - of a folder's entries: those there when its `sync` last returned, plus or minus any made, moved or removed since;
/// - of shared words: any values they have ever had.
///
/// Paths are as the caller gave them. All calls block the thread, and may be made from any.
package protocol FileSystem: Sendable {
    /// Nil: there is no such file. A symbolic link is not followed.
    func status(_ path: String) throws(SystemCallError) -> FileStatus?

    /// Files made get mode 0600. A symbolic link is refused (`ELOOP`).
    func open(_ path: String, _ mode: OpenMode) throws(SystemCallError) -> any OpenFile

    func open(folder: String) throws(SystemCallError) -> any OpenFolder

    /// The names in a folder, without `.` and `..`, in no order; none when it is missing.
    func names(in folder: String) throws(SystemCallError) -> [String]

    /// Makes a folder (0700) in one that is there; whether it was missing. Its own entry is left to be synced. A symbolic
    /// link to a folder counts as one.
    func makeFolder(at path: String) throws(SystemCallError) -> Bool

    /// Gives a file another name at once, replacing what is at `target`.
    func move(_ path: String, to target: String) throws(SystemCallError)

    /// Takes a file's name away; whether there was such a file. Who has it open can still read and write it.
    @discardableResult
    func remove(_ path: String) throws(SystemCallError) -> Bool

    /// Whether there was such a folder. One that holds something is refused (`ENOTEMPTY`).
    @discardableResult
    func removeFolder(_ path: String) throws(SystemCallError) -> Bool

    /// Sets the modification time; whether there was such a file.
    func setModified(_ path: String, _ time: Timestamp) throws(SystemCallError) -> Bool

    /// Words that all processes which open the same file see change at once. Makes the file, all zero, when it is missing.
    func sharedWords(_ path: String, count: Int) throws(SystemCallError) -> any SharedWords

    /// What kind of network file system the folder is on, for instance `NFS`; nil: none that is known for one. Locks and
    /// shared memory do not reach from machine to machine there.
    func networkKind(of folder: String) throws(SystemCallError) -> String?

    /// Whether `syncFileSystem` of this folder is as good as the `sync` of each file and folder: known to bring all of it to
    /// the disk, and to fail when anything could not be written since the folder was opened.
    func canSyncWhole(_ folder: String) throws(SystemCallError) -> Bool
}

package enum OpenMode: Sendable, Hashable {
    case readOnly
    case readWrite
    /// Reading and writing; made when it is missing.
    case create
    /// Reading and writing; refused (`EEXIST`) when it is there.
    case createNew
}

/// What can be brought to the disk.
package protocol Syncable: AnyObject, Sendable {
    var path: String { get }

    /// Returns once it is on the disk: a file's content and size, or a folder's entries. After a failure nobody can say what
    /// is on the disk, and trying again proves nothing.
    func sync() throws(SystemCallError)
}

/// An open file, which keeps its content when its name is taken away or given to another. No child process inherits it;
/// closed with its last reference.
package protocol OpenFile: Syncable {
    func status() throws(SystemCallError) -> FileStatus

    /// Fills the buffer with what is in the file from `offset` on; fewer bytes, whose number it answers, only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemCallError) -> Int

    /// Writes all bytes from `offset` on. When it throws, any part of them may be there.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemCallError)

    /// Cuts the file off, or extends it by zeros.
    func setSize(_ size: Int64) throws(SystemCallError)

    /// `fdatasync`: like `sync` without times, which saves a write where the size has not changed.
    func syncContent() throws(SystemCallError)

    /// Takes or changes the lock of this open file; false when another open file, of this or another process, has one that
    /// excludes it. A lock ends with `unlock`, with the open file, and with the process.
    func tryLock(_ mode: LockMode) throws(SystemCallError) -> Bool

    func unlock() throws(SystemCallError)
}

package enum LockMode: Sendable, Hashable { case shared, exclusive }

package protocol OpenFolder: Syncable {
    /// Returns once everything that was changed on this folder's file system is on the disk: content, sizes and entries. To be
    /// relied on where `canSyncWhole` says so.
    func syncFileSystem() throws(SystemCallError)
}

/// Words in memory that processes share. What one of them wrote before it stored a word, another sees after it loaded it.
package protocol SharedWords: AnyObject, Sendable {
    func load(_ index: Int) -> UInt64
    func store(_ value: UInt64, at index: Int)
}

/// What a file is and how old.
package struct FileStatus: Sendable {
    package let device: UInt64
    package let inode: UInt64
    /// Bytes.
    package let size: Int64
    package let modified: Timestamp
    package let isFolder: Bool

    package init(device: UInt64, inode: UInt64, size: Int64, modified: Timestamp, isFolder: Bool) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.isFolder = isFolder
    }

    package func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}
