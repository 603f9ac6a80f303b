package import Holdfast

/// What a disk was asked to change, in the order in which it was. Applied one by one to a `DiskImage`, they give every
/// state that the disk went through.
package enum DiskOperation: Sendable {
    case makeFile(DiskImage.Node, in: DiskImage.Node, name: String, at: Timestamp)
    /// A file of shared words, each of which the disk may have at another age.
    case makeWords(DiskImage.Node, in: DiskImage.Node, name: String, at: Timestamp)
    case makeFolder(DiskImage.Node, in: DiskImage.Node, name: String)
    case write(DiskImage.Node, offset: Int, bytes: [UInt8])
    case resize(DiskImage.Node, size: Int)
    case setModified(DiskImage.Node, Timestamp)
    /// `fsync` or `fdatasync` of a file, or of a folder's entries.
    case sync(DiskImage.Node)
    case failedSync(DiskImage.Node)
    /// `syncfs`.
    case syncAll
    case failedSyncAll
    case rename(from: DiskImage.Node, name: String, to: DiskImage.Node, newName: String)
    case unlink(in: DiskImage.Node, name: String)
    /// Not the disk's: what a test put between the operations.
    case note(Int)
}
