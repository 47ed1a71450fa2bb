namespace Roos.Builder.Steps.Users;

/// <summary>A user or group that sysusers.d(5) asks for; ids are filled in while they are allocated.</summary>
internal sealed class SystemUserItem
{
    public required string Name { get; init; }

    public required bool IsUser { get; init; }

    /// <summary>Where it was asked for, for messages.</summary>
    public string Place { get; init; } = "";

    public uint? UserId { get; set; }

    public uint? GroupId { get; set; }

    /// <summary>The primary group by name, from <c>UID:GROUP</c>.</summary>
    public string? GroupName { get; init; }

    /// <summary>A file or directory whose owner is the id.</summary>
    public string? IdPath { get; init; }

    public string Description { get; init; } = "";

    public string? Home { get; init; }

    public string? Shell { get; init; }

    /// <summary><c>u!</c>: the account is expired, not only without a password.</summary>
    public bool IsLocked { get; init; }

    /// <summary>The group is another's or was given by id: it exists, and says nothing about the user's id.</summary>
    public bool GroupMustExist { get; set; }
}
